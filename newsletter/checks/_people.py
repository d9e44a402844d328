"""Names beside a health detail. First names are common ones, without those that are words as well."""

from __future__ import annotations

import re
from itertools import islice

from newsletter.checks._words import any_of, words

_FIRST = """
Aaron Abigail Adam Adriana Agnes Ahmed Alan Albert Alejandro Alex Alexander Alexandra Alice Alicia Allison Amanda
Amelia Amy Ana Andrea Andrew Angela Anita Ann Anna Anne Annette Anthony Antonio Arthur Ashley Audrey Barbara
Beatrice Benjamin Bernard Beth Betty Beverly Bob Bonnie Brandon Brenda Brian Bruce Bryan Caitlin Camille Carl Carla
Carlos Carmen Carol Caroline Carolyn Catherine Cathy Charles Charlotte Cheryl Chris Christina Christine Christopher
Cindy Claire Colleen Connie Craig Cynthia Dan Daniel Danielle David Dawn Deborah Debra Denise Dennis Derek Diana
Diane Diego Donald Donna Doris Dorothy Doug Douglas Earl Ed Edith Edward Eileen Elaine Eleanor Elena Elizabeth Ellen
Emily Emma Eric Erica Erin Ethan Eugene Eva Evelyn Fatima Fernando Fiona Florence Frances Francisco Fred Gabriel
Gail Gary George Gerald Geraldine Gina Gladys Glenn Gloria Gordon Greg Gregory Hannah Harold Harriet Harry Heather
Heidi Helen Henry Howard Ian Ingrid Irene Isabel Jack Jackie Jacob Jacqueline Jake James Jamie Jane Janet Janice
Jason Javier Jean Jeff Jeffrey Jennifer Jenny Jeremy Jerry Jesse Jessica Jill Jim Joan Joanne Joe Joel John Johnny
Jonathan Jorge Jose Joseph Joshua Joyce Juan Judith Judy Julia Julian Julie Justin Karen Karl Kate Katherine
Kathleen Kathryn Kathy Katie Keith Kelly Ken Kenneth Kevin Kim Kimberly Kristen Kyle Larry Laura Lauren Lawrence
Leah Leonard Leslie Lillian Linda Lisa Lori Louis Louise Lucia Lucy Luis Lynn Madison Manuel Marcia Marcus Margaret
Maria Marie Marilyn Mario Marjorie Marlene Martha Martin Marvin Mary Matt Matthew Maureen Megan Melanie Melissa
Michael Michele Michelle Miguel Mike Mildred Mohamed Mohammed Monica Nancy Natalie Nathan Nicholas Nicole Nina Norma
Norman Olga Oliver Olivia Oscar Pamela Patricia Patrick Paul Paula Pauline Pedro Peggy Peter Philip Phillip Phyllis
Priya Rachel Ralph Raymond Rebecca Regina Renee Ricardo Richard Rita Robert Roberta Roger Ronald Rosa Rosemary Roy
Russell Ruth Ryan Sally Samantha Samuel Sandra Sara Sarah Scott Sean Sergio Sharon Shawn Sheila Shirley Simon Sofia
Sonia Sophia Stacy Stanley Stella Stephanie Stephen Steve Steven Stuart Susan Suzanne Sylvia Tamara Tammy Teresa
Terry Thelma Theresa Thomas Tiffany Tim Timothy Tina Todd Tom Tony Tracy Valerie Vanessa Veronica Victor Victoria
Vincent Virginia Vivian Walter Wanda Wayne Wendy William Yolanda Yvonne Zachary
"""
NAME = re.compile(
    r"(?<![\w.’'-])(?:"
    + "|".join(sorted(_FIRST.split(), key=len, reverse=True))
    + r")(?![\w’'-]*[-’'](?!s\b))\b"
    r"(?P<rest>(?: [A-Z][a-z]+(?:-[A-Z][a-z]+)?| [A-Z]\.)*)"
)
"""A first name and what of a name follows it."""
_OTHER = re.compile(
    any_of(r"""
        \b(?:Mr|Mrs|Ms|Miss)\.? [A-Z][\w’'-]+(?: [A-Z][\w’'-]+)?
        (?<![\w.])(?!U\. ?[SKN]\.|E\. ?U\.)[A-Z]\. ?(?:[A-Z]\. ?)?[A-Z][a-z][\w’'-]+ | \b[A-Z][a-z]+ [A-Z]\.(?=[ ,])
    """)
)
"""A person by a form of address, by an initial: `Mrs. Alvarez`, `J. Whitfield`, `Ngozi A.`"""
_AGED = re.compile(
    r"\b(?P<name>[A-Z][a-z’'-]+(?: [A-Z][a-z’'-]+)?),? \(?(?:aged? )?\d{2}\b\)?"
    r"(?:,| (?:from|of|who|has|had|was|lives?)\b)"
)
"""Whoever it is, told with an age: `Ngozi, 43, …`"""
_TITLED = re.compile(
    any_of("""
        Dr | Drs | Prof | Professor | Doctor | Sir | Saint | St | Senator | President | Judge | Justice
        Nurse | Surgeon | Author | Researcher
    """)
    + r"\.?\s*(?:[A-Z][\w.]*\s)*$"
)  # fmt: skip
_CREDENTIAL = re.compile(r"^,?\s*(?:MD|M\.D\.|DO|PhD|Ph\.D\.|RN|PT|DPT|MPH|FRCP|PsyD|PharmD|NP|PA-C|LCSW)\b")
_OFFICE = re.compile(
    r"^,? (?:an? |the |who (?:leads|treats|studies|teaches|directs) )?(?:\w+ ){0,2}"
    + words(r"""
        doctor | physician | surgeon | therapist | nurse | psychologist | pharmacist | professor | researcher
        scientist | director | anesthesiologist | neurologist | rheumatologist | physiatrist | author | editor
        lawyer | senator | explains | says | writes | answers | tells | studies | treats | teaches | leads
        directs
    """),
    re.I,
)
_INSTITUTION = re.compile(
    words(r"""
        Foundation | Institutes? | Universit\w+ | Hospitals? | Clinics? | Cent(?:er|re)s? | Society
        Association | Act | Award | Prize | School | College | Trust | Journal | Fund | Study | Trial | Score
        Test | Sign | Law | Report
    """)
)
_MEDICINE = any_of(r"""
    opioids? | painkillers? | pills? | medications? | drugs | morphine | methadone | fentanyl | oxycodone
    hydrocodone | tramadol | gabapentin | suboxone
""")
_ILL = any_of(rf"""
    crps | rsd | fibromyalgia | migraines? | neuropath\w+ | neuralgia | (?:osteo|rheumatoid )?arthritis
    sciatica | stenosis | scoliosis | cancer | tumou?rs? | endometriosis | lupus | depression | anxiety | ptsd
    ms\b | multiple sclerosis | diabetes | shingles | epilepsy
    (?:\w+ )?(?:disease|disorder|syndrome|illness|palsy) | addiction | dependence | overdose | pain
    headaches? | herniated disc | slipped disc | injur(?:y|ies) | amputation | surger(?:y|ies) | back surgery
    stimulator | {_MEDICINE} | injections? | suicid\w+ | disabilit(?:y|ies)
""")
_UNDERGOES = any_of("""
    has | had | have | developed | endur(?:es|ed) | beats? | overcame | fought | survived | conquered | quit
    manages? | managed | got | gets
""")
_THOUGHT = r"(?! (?:the|a|this) (?:question|idea|problem|puzzle|law|case))"
_DETAIL = re.compile(
    any_of(rf"""
        \b(?:was|were|is|been|got|being) (?:\w+ )?(?:diagnosed|disabled|hospitali[sz]ed|paraly[sz]ed|bedridden)\b
        \b(?:was|were|is|been|got|being) (?:\w+ )?(?:addicted|hooked|prescribed)\b | \bsuffer(?:s|ed|ing)\b
        \b(?:lives?|lived|living|struggl\w+|battl\w+|cop\w+|deal\w*|dealt) with\b{_THOUGHT}
        \btold (?:she|he|they) had\b | \b{_UNDERGOES} (?:(?!(?:relief|help|about|to|from)\b)\w+ ){{0,3}}{_ILL}
        \b(?:takes?|took|taking|prescribed|swallow\w*) (?:\d|(?:\w+ ){{0,2}}{_ILL})
        \bon (?:\d+ ?(?:mg|mcg|ml|pills?|tablets?|meds)|(?:\w+ )?{_MEDICINE})
        \b(?:her|his|their) (?:\w+ ){{0,3}}{_ILL}
        \bwho (?:has|had) (?:\w+ )?{_ILL} | \boverdos\w+ | \blost (?:her|his) (?:leg|arm|job|foot|hand)\b
        \b(?:can no longer|cannot|can['’]t) (?:walk|work|sleep|sit|stand)\b
    """),
    re.I,
)
_OWNED = re.compile(
    rf"['’]s (?:(?!(?:about|on|for|in|of|at|to|with|and|guide|book)\b)\w+ ){{0,2}}{_ILL}", re.I
)
_SIGNED = re.compile(r"[-–—]\s*(?:[A-Z][a-z]+ [A-Z]\.)")


MOST = 200
"""Names of one text that are looked at."""


def persons(text: str) -> str | None:
    """A name and the health detail beside it; None where there is none, or where it is told of a doctor."""
    if found := _SIGNED.search(text):
        return found[0]
    for pattern in (NAME, _OTHER, _AGED):
        for found in islice(pattern.finditer(text), MOST):
            if detail := _beside(text, found):
                return detail
    return None


def _beside(text: str, found: re.Match[str]) -> str | None:
    before, after = text[max(0, found.start() - 60) : found.start()], text[found.end() : found.end() + 140]
    if _TITLED.search(before) or before.rstrip()[-1:] in ("’", "'"):
        return None
    if _CREDENTIAL.match(after) or _OFFICE.match(after) or _INSTITUTION.search(f"{found[0]}{after[:25]}"):
        return None
    near = re.split(r"[.!?](?:\s|$)", after)[0]
    if after[:2] in ("'s", "’s"):  # what is told then is told of the thing that is theirs
        return f"{found[0]}{near[:60]}" if _OWNED.match(near) else None
    if not (_DETAIL.search(near) or (found.re is _AGED and re.search(_ILL, near, re.I))):
        return None
    return f"{found[0]}{near[:60]}"
