"""Sentences that scripts say while a page stands open. `{n}` and its like are filled in the browser."""

from cloud.web.language import Language


def phrases(language: Language) -> dict[str, str]:
    return {
        "just_now": language.gettext("just now"),
        "min_ago": language.catalogue.ngettext("%(n)s min ago", "%(n)s min ago", 2) % {"n": "{n}"},
        "h_ago": language.catalogue.ngettext("%(n)s h ago", "%(n)s h ago", 2) % {"n": "{n}"},
        "day_ago": language.catalogue.ngettext("%(n)s day ago", "%(n)s days ago", 1) % {"n": "{n}"},
        "days_ago": language.catalogue.ngettext("%(n)s day ago", "%(n)s days ago", 2) % {"n": "{n}"},
        "min": language.catalogue.ngettext("%(n)s min", "%(n)s min", 2) % {"n": "{n}"},
        "h": language.catalogue.ngettext("%(n)s h", "%(n)s h", 2) % {"n": "{n}"},
        "h_min": language.gettext("%(hours)s h %(minutes)s min", hours="{hours}", minutes="{minutes}"),
        "day": language.catalogue.ngettext("%(n)s day", "%(n)s days", 1) % {"n": "{n}"},
        "days": language.catalogue.ngettext("%(n)s day", "%(n)s days", 2) % {"n": "{n}"},
        "left": language.gettext("by %(moment)s, %(left)s left", moment="{moment}", left="{left}"),
        "late": language.gettext("Late: promised %(moment)s, %(late)s over", moment="{moment}", late="{late}"),
        "no_answer": language.gettext(
            "The centre does not answer. Nothing was changed; what you entered is still here. Try again."
        ),
        "elder_try_again": language.gettext(
            "That did not work just now. Please try again. If you need help at once, press your button."
        ),
        "signed_out": language.gettext(
            "You are no longer signed in. Nothing was sent; what you entered is kept here. Sign in, then send it again."
        ),
        "no_net": language.gettext("No net since {time}. What you do is kept on this phone."),
        "waits": language.gettext("Kept on this phone, to be sent: {n}."),
        "waits_here": language.gettext("{what}: not sent yet"),
        "not_taken": language.gettext("{who}, {what}: the centre did not take it. {why}"),
        "meter_asked": language.gettext("Connected. Measure now, or wait for the last value."),
        "meter_read": language.gettext("Read from the meter. Look whether it is right."),
        "meter_silent": language.gettext("The meter did not answer. Type what it shows, or try again."),
        "no_photo": language.gettext("This is no photo that this phone can read. Take another."),
        "no_sound": language.gettext("The microphone was not let in. You can type a word instead."),
        "open_visit": language.gettext("Open the visit"),
        "have_read": language.gettext("I have read it"),
        "passkey_not_done": language.gettext("The passkey was not used: it was taken back, or took too long."),
        "sign_in": language.gettext("Sign in"),
        "not_live": language.gettext(
            "No live connection since {time}. What you see is from then; it comes back by itself."
        ),
    }
