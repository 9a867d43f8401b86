"""Words that are a call for help whatever a model makes of them; "I had a fall last year" is heard too, on purpose."""

from cloud.registry.demands.grams import plain

_CHINESE = (
    "救命", "救护车", "起不来", "爬不起来", "爬勿起来", "不能站立", "叫不醒", "叫不应", "没有呼吸", "没呼吸",
    "喘不上气", "喘不过气", "透不过气", "呼吸困难", "胸痛", "胸口疼", "胸口痛", "心口痛", "心口疼", "嘴歪",
    "嘴巴歪", "昏过去", "昏迷", "晕倒", "昏倒", "止不住", "吐血", "呕血", "着火", "冒烟", "冒黑烟", "浓烟",
    "煤气味", "煤气漏", "不想活", "自杀", "轻生", "抽过去", "口吐白沫", "噎着", "噎住", "卡住了,脸", "误服", "误喝",
    "吃错药", "农药", "触电", "无应答",
)  # fmt: skip
_ENGLISH = (
    "can't get up", "cant get up", "cannot get up", "can't breathe", "cannot breathe", "cant breathe",
    "not breathing", "for breath", "chest pain", "pain in my chest", "pains in my chest", "unconscious",
    "won't wake", "collapsed", "heart attack", "won't stop bleeding", "bleeding from", "smell gas", "smell of gas",
    "smells of gas", "on fire", "caught fire", "a fire in", "blood everywhere", "smoke from", "smoke coming",
    "ambulance", "choking", "overdose", "too many tablets", "whole bottle", "want to live", "kill myself",
    "end my life", "end life", "on the floor", "had a fall", "i fell", "ive fallen", "i've fallen", "bleach",
    "vomiting blood",
)  # fmt: skip


def calls_for_help(text: str) -> bool:
    said = plain(text)
    return any(words in said for words in _CHINESE) or any(words in said for words in _ENGLISH)
