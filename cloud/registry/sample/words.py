"""What the people of a sample community are called and have. Shares are rough ones of old people in Chinese cities."""

from collections.abc import Mapping

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧"
    "程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石"
)
"""The most frequent first."""
WOMEN = "秀英桂兰玉珍凤淑华芳素梅春香月琴彩云霞翠红爱莲美菊巧娣惠芬雪萍金花银妹慧娟静贞瑞"
MEN = "建国德福志明文忠永祥家庆光荣振华国强宝根长贵世昌金生海山学礼大伟正义东平松柏林泉"
STREETS = (
    "清溪",
    "梧桐",
    "望江",
    "银杏",
    "和平",
    "朝阳",
    "青石",
    "丹桂",
    "东湖",
    "南园",
    "北苑",
    "西塘",
    "红枫",
    "云锦",
)
LANES = ("清溪路", "梧桐里", "望江街", "银杏巷", "和平路", "朝阳新村", "青石桥", "长乐街", "丹桂苑", "东湖路")
CONDITIONS: Mapping[str, tuple[float, float]] = {
    "高血压": (0.45, 0.01),
    "2型糖尿病": (0.20, 0.0),
    "冠心病": (0.10, 0.01),
    "骨关节炎": (0.25, 0.01),
    "脑卒中后": (0.04, 0.004),
    "慢阻肺": (0.06, 0.003),
    "白内障": (0.10, 0.012),
    "骨质疏松": (0.12, 0.01),
    "痴呆": (0.01, 0.006),
    "心力衰竭": (0.02, 0.004),
}
"""The share at sixty, and what each year adds."""
DOOR_NOTES = (
    *("",) * 3,
    "敲门后请等一会儿，她走得慢。",
    "听力不好，说话大声些。",
    "门铃坏了，请敲窗。",
    "钥匙在社区服务站。",
    "家里有小狗，不咬人。",
)
FOODS = ("", "", "", "对花生过敏", "不吃辣", "牙口不好，要软的", "爱吃面食")
RELATIONS = ("女儿", "儿子", "邻居", "侄子", "老伴", "朋友")
WISHES = ("medicine", "company", "shopping", "washing", "repair", "unwell")
CAUSES = ("blood_pressure", "hyperglycaemia", "pulse", "hypoglycaemia")
