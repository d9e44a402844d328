"""How a reader's comment sounds: what stands around it, whom it speaks to, and what it tells of its writer."""

from __future__ import annotations

import re

from newsletter.checks._drugs import DOSE, DRUG
from newsletter.checks._prose import quoted, sentences
from newsletter.checks._words import any_of, words

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*"
_SPAN = r"(?:minutes?|hours?|days?|weeks?|months?|years?)"
_FURNITURE = re.compile(
    any_of(rf"""
        (?:^|[|·•–—.!?)]\s?)\d{{1,4}} (?:comments?|repl(?:y|ies)|responses)\b(?=\s*(?:$|[|·•–—-]|leave|share))
        (?:^|[|·•–—.!?)]\s?)\d{{1,4}} (?:comments?|repl(?:y|ies)|responses) on (?-i:[A-Z“"])
        \bleave a (?:reply|comment)\b | \bcomments are closed\b | \b(?:add|post) (?:a|your) comment\b
        \byour comment is awaiting\b | \bshare (?:this )?on (?:facebook|twitter|x|linkedin|pinterest)\b
        \b(?:share|tweet|pin) (?:this|it)(?=\s*\||$)
        \b(?:says|wrote|said|commented)\s*:?\s+(?:on )?{_MONTH} \d{{1,2}}, ?\d{{4}}
        \b\w+ \d{{1,2}}, ?\d{{4}} at \d{{1,2}}:\d\d | \b(?:posted|submitted) by (?-i:[A-Z])
        ^(?:\S+ ){{0,3}}\d+ {_SPAN} ago\b(?=\s*(?:$|[|–-])) | \b\d+ {_SPAN} ago\s*(?=[|–-])
        \b(?:wrote|said|commented|says|writes): ?(?-i:I)\b | (?:^|[.!?|·] ?)repl(?:y|ied) (?:from|by|to) (?-i:[A-Z])
        \bin reply to (?-i:[A-Z])[\w.]+(?: (?-i:[A-Z])[\w.]*)?\s*(?=$|[|:·•–—-])
        \b(?:permalink|upvote|flag as)\b
        \b(?:username|anonymous|guest)(?: user)? (?:says|wrote|said)\b
    """),
    re.I,
)
_OF_ME = r".{0,120}\b(?:I|my|me)\b"
_PRAISE = r"(?:great|good|nice|wonderful|excellent|awesome|helpful)"
_TO_US = r"(?:^|[.!?,] |\b(?:such an?|this is an?|what an?|really|very) )"
_SPOKEN = re.compile(
    any_of(rf"""
        \b(?:hi|hello|dear|thanks?|thank you),? (?:dr|doctor|doc)\b | ^(?:hi|hello|hey|dear),? (?-i:[A-Z])\w+
        \bthank(?:s(?! to\b)| you)[^.!?]{{0,30}}\bfor (?:this|the|your|sharing|posting|writing)\b
        \b(?:just )?stumbled (?:on|upon|across) (?:this|your)\b
        \bdo(?:es)? any(?:one|body) (?:else|here|know (?:of|if|any|anything|anyone|an?|where|who|how to))\b
        \b(?:has|have|is) any(?:one|body) (?:else|here|tried|had|out there|there)\b
        \b(?:can|does|could) any(?:one|body) (?:relate|help|recommend|tell)\b
        \bany(?:one|body) else(?:\?| (?:have|has|had|get|gets|feel|feels|with|here|out there|try|tried|taking)\b)
        \bsame (?:here|for me|thing happened)\b
        {_TO_US}{_PRAISE} (?:post|article|blog|read|info|site|website)\b
        \b(?:so )?glad (?:I|we) (?:found|came across|read)\b
        \b(?:just )?found (?:this|your) (?:site|blog|page|article|website)\b
        \bplease (?:help|advise|respond|reply|pray)\b
        \bplease (?:e-?mail|contact|call|phone) (?:me|our|us)\b | \be-?mail me\b
        \b(?:any|some) (?:advice|suggestions|ideas|help) (?:would|for me|(?:is|are) (?:appreciated|welcome))\b
        \bgod bless\b
        \bhang in there\b | \b(?:thanks?|thank you|thx)(?: \w+){{0,3}} in advance\b
        \bprayers\b | \b(?:hugs|xoxo|lol|smh|omg|imo|tia)\b
        \b(?:so |very )?sorry to hear\b | ^(?-i:[A-Z])\w+(?: (?-i:[A-Z])[\w.]+)?, please\b
        \bis there (?:a|any) (?:doctor|dr|specialist|clinic|one)\b[^.!?]{{0,30}}\b(?:in|near|who)\b{_OF_ME}
    """),
    re.I,
)
_AGE = r"\d{1,2} ?-?(?:yr|yrs|year|years|yo|y/o|y\.o\.)s?\.?[ -]?(?:old )?"
_TERSE = re.compile(
    rf"\b{_AGE}(?:male|female|man|woman|f|m|here|guy|lady|mom|dad|nurse)\b|!!+"
    r"|\b(?:docs|meds|dx|dx['’]?d|hubby|dh|pm (?:doc|dr)|pain (?:doc|dr|mgmt)|er)\b(?=.*\b(?:I|my|me|us|on)\b)"
    r"|\b(?:sufferer|warrior|survivor|patient) (?:here|for \d+|since)\b",
    re.I,
)
_KIN = any_of(r"""
    husband | wife | hubby | mother | father | mom | mum | dad | son | daughter | sister | brother | grandm\w+
    aunt | uncle | cousin | friend | partner | boyfriend | girlfriend | fiancée? | baby | child | kids?
""")
_OWN = any_of(r"""
    doctor | docs? | surgeon | pain | body | back | neck | knees? | hips? | legs? | feet | foot | hands?
    shoulders? | spine | discs? | nerves? | head | jaw | insurance | job | life | pharmacist | therapist
    meds | medication | surgery | diagnosis | condition
""")
_I = re.compile(
    rf"\b(?:I|I['’](?:ve|m|d|ll)|[Mm]e|[Mm]yself|[Mm]ine)\b|\b(?:[Mm]y|[Oo]ur) (?:\S+ ){{0,4}}?(?:{_KIN}|{_OWN})\b"
)
_SICK = re.compile(
    words(r"""
        diagnos\w+ | suffer\w* | pain\w* | hurt\w* | ach(?:e|es|ing) | burn(?:s|ing) | numb\w* | surger\w+
        operat(?:ion|ed)\w* | inject\w+ | (?:nerve |a )blocks? | stimulators? | implant\w* | ablation | fusion
        steroids? | opioids? | meds | pills? | medic(?:ation|ine)s? | prescri\w+ | doses? | crps | rsd
        fibro\w* | migraines? | neuropath\w+ | neuralgia | arthritis | sciatica | stenosis | lupus | cancer
        infection | epidural | insulin | sugar | pump | infusions? | discs? | mri | x-?rays? | er
        hospital\w* | doctors? | docs? | surgeons? | specialists? | insurance | disab\w+ | depress\w+
        bedridden | wheelchair | therap\w+ | relief | cured? | sleep | walk | work | stand | sit | withdrawal
        backs? | neck | knees? | hips? | legs? | foot | feet | shoulders? | spine | believe[ds]? (?:me|us)
    """),
    re.I,
)
_WORKERS = any_of("""
    MD | DO | PT | RN | doctor | physician | surgeon | therapist | nurse | psychologist | pharmacist
    researcher | reporter | editor | anesthesiologist | physiatrist | rheumatologist | neurologist
""")
_DOES = any_of("""
    treat | see | tell | ask | explain | recommend | advise | teach | prescribe | operate | examine | study
    spoke | talked | interviewed | visited | asked | met | wrote | sat down
""")
_AT_WORK = re.compile(
    words(rf"""
        (?:my|our) (?:patients|practice|clinic|colleagues?|team|readers|students|research|book|interview|column|desk)
        as an? (?:\w+ ){{0,3}}{_WORKERS} | (?<=: )an? (?:\w+ ){{0,3}}{_WORKERS}
        I {_DOES} (?:\w+ )?(?:people|patients|them|with|to|dr|the|readers)
    """),
    re.I,
)
"""Doctors and editors speak of themselves, too."""
_NO_SUBJECT = any_of("""
    Had | Been | Tried | Took | Started | Stopped | Lost | Diagnosed | Depressed | Suffering | Suffered
    Living | Went | Got | Still | Also | Just | Can['’]?t | Cannot | Has been | Fibro
""")
_DESPAIR = words("""
    nobody | no one | nothing (?:works|helps) | (?:does|did) nothing | is a joke | won['’]?t listen | ruined
    desperate | miserable | hell | nightmare | worst | wits['’]? end | so (?:sick|tired|bad) | given up
    gave up | all gone | no help | without asking
""")
_SLIPS = any_of(r"""
    \b(?:i|im|ive|dont|cant|wont|didnt|doesnt|u|ur|thru|bc|b/c|w/)\b | !! | \?\? | \.\.\.\. | \bsoo+\b
""")
_LONG = any_of(
    r"\d+ | an? | two | three | four | five | six | seven | eight | nine | ten | eleven | twelve | twenty | many"
)
_OWN_TIME = any_of(rf"""
    \bever since\b | \bsince (?:my|the|a|last|\w+day|(?:19|20)\d\d|I)\b
    \blast (?:night|week|month|year|\w+day)\b | \bfor {_LONG} (?:years?|yrs|months?|weeks?)\b
    \bat (?:age )?\d{{2}}\b(?=[,.])
""")
_PERSONAL = (
    re.compile(rf"(?:^|[.!?] )(?:{_NO_SUBJECT}|(?i:{_KIN}) (?:\w+ed|fell|had|has|was|is|got|took))\b"),
    re.compile(rf"\b(?:mine|myself|my|me|us|{_KIN} left)\b", re.I),
    re.compile(_SLIPS),
    re.compile(_DESPAIR, re.I),
    re.compile(_OWN_TIME, re.I),
)
"""What people write of themselves, and editors do not: no subject, kin, slips, despair, their own calendar."""
_REPORT = re.compile(
    words(r"""
        trials? | stud(?:y|ies) | researchers? | patients | people | adults | participants | review
        guideline | evidence | scientists? | readers | experts? | doctors (?:say|can|should|may|explain)
        \d+ ?% | per ?cent
    """),
    re.I,
)


def comment(text: str, *, whole: bool) -> str | None:
    """Why a text sounds like a reader's comment; None when it does not. `whole`: it is prose, not a headline."""
    if found := _FURNITURE.search(text):
        return f"what stands around a reader's comment: {quoted(found[0])}"
    if not whole:
        return None
    unquoted = re.sub(r"[“\"‘][^”\"]{0,300}[”\"]", " ", text)
    if found := _SPOKEN.search(unquoted):
        return f"a reader's own words: {quoted(found[0])}"
    told = [one for one in sentences(unquoted) if _tells(one)]
    if (told and not _AT_WORK.search(unquoted)) or _confides(unquoted):
        return f"a patient's own words: {quoted(told[0] if told else text)}"
    return None


def _tells(sentence: str) -> bool:
    """Somebody tells of themselves. `Should I take …?` speaks for every reader, and tells of nobody."""
    sick = _SICK.search(sentence) or DRUG.search(sentence)
    if _TERSE.search(sentence) and (sick or DOSE.search(sentence)) and not _REPORT.search(sentence):
        return True
    return bool(sick and _I.search(sentence)) and not sentence.rstrip(" ”\"')").endswith("?")


def _confides(text: str) -> bool:
    """A case told in private words, without an “I”."""
    personal = sum(bool(one.search(text)) for one in _PERSONAL)
    health = bool(_SICK.search(text)) + bool(DRUG.search(text)) + bool(DOSE.search(text))
    wanted = 1 if health >= 2 and DOSE.search(text) else 2 if health >= 2 else 3
    return bool(health) and personal >= wanted and not _REPORT.search(text)
