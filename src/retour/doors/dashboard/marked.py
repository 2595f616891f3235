"""What staff marked a return with, as sentences of its timeline: to whom it belongs, tags, priority, mergers, reasons."""

from typing import Any, Final

from markupsafe import Markup

from retour.doors.dashboard import mark_words
from retour.doors.dashboard.told import actor_name, word
from retour.doors.dashboard.whole import Whole
from retour.store.event import Event
from retour.web.parts import Text
from retour.web.reader import Reader

MARKED: Final = frozenset({"return.assigned", "return.watched", "return.tagged", "return.prioritised", "return.merged"})


def marked(whole: Whole, event: Event, reader: Reader) -> str:
    """Return what somebody marked the return with, in one sentence."""
    data = event.data
    match event.type:
        case "return.assigned" if data.get("staff_id"):
            return reader.say("Assigned to %(who)s", who=_member(whole, reader, data["staff_id"]))
        case "return.assigned":
            return reader.say("Assigned to nobody")
        case "return.watched":
            who = _member(whole, reader, data.get("staff_id"))
            if data.get("watching"):
                return reader.say("%(who)s watches it", who=who)
            return reader.say("%(who)s no longer watches it", who=who)
        case "return.tagged":
            return _tags(reader, data.get("added"), data.get("removed"))
        case "return.prioritised":
            return reader.say(
                "Priority: %(priority)s", priority=word(reader, mark_words.PRIORITIES, str(data["priority"]))
            )
    number = f"R-{data.get('other', '')}"
    if data.get("into"):
        return reader.say("Merged into %(number)s", number=number)
    return reader.say("Took over %(number)s", number=number)


def beyond(said: Text, event: Event, reader: Reader) -> Text:
    """Return what was said of a request, with the reason why it goes beyond the policy, if it does."""
    reason = event.data.get("reason")
    if not reason:
        return said
    return Markup("{}. {}").format(said, reader.say("Beyond the policy: “%(why)s”", why=str(reason)))


def _member(whole: Whole, reader: Reader, staff_id: object) -> str:
    return actor_name(reader, f"staff:{staff_id}", whole.names)


def _tags(reader: Reader, added: Any, removed: Any) -> str:
    said = []
    if added:
        said.append(reader.say("Tagged: %(tags)s", tags=", ".join(added)))
    if removed:
        said.append(reader.say("No longer tagged: %(tags)s", tags=", ".join(removed)))
    return "; ".join(said)
