"""The words in which cures are promised: of supplements, devices and headlines that were warned about."""

from __future__ import annotations

import re

from newsletter.checks._words import any_of, words

_WHOSE = any_of("""
    the | your | all | any | every | my | their | her | his | chronic | severe | stubborn | nagging | daily
    nerve | back | neck | joint | knee | hip | shoulder | muscle | cartilage | disc | spinal | aches? and
    root cause of | symptoms of
""")
_WHAT = any_of("""
    pains? | aches? | (?:osteo)?arthritis | migraines? | headaches? | sciatica | fibromyalgia | neuropathy
    neuralgia | crps | rsd | stenosis | tinnitus | gout | bursitis | tendinitis | inflammation | stiffness
    suffering | agony | degeneration | damage | cartilage | nerves? | joints? | discs? | spine | disease
    condition | symptoms? | knees? | backs? | body
""")
_ILL = rf"(?:(?:{_WHOSE} ){{0,5}}{_WHAT})"
_DOCTORS = any_of(r"""
    (?:your |the |most )?(?:doctors?|physicians?|surgeons?|pharmacists?|experts|\w+ologists?|specialists?)
    (?:the )?(?:hospitals?|clinics)
""")
_INDUSTRY = any_of("""
    they | (?:the )?(?:big )?pharma | (?:the )?(?:drug|pharmaceutical) (?:companies|industry|makers)
    (?:the )?(?:insurers|government|fda|establishment)
""")
_ENDS = any_of("""
    cur(?:e|es|ed|ing) | end(?:s|ed|ing)? | put(?:s|ting)? an end to | eliminat(?:e|es|ed|ing)
    eras(?:e|es|ed|ing) | eradicat(?:e|es|ed|ing) | banish(?:es|ed|ing)? | abolish(?:es|ed)?
    conquer(?:s|ed)? | defeat(?:s|ed)? | melt(?:s|ed)? away | wip(?:e|es|ed) (?:out|away) | dissolv(?:e|es|ed)
    revers(?:e|es|ed|ing) | undo(?:es)? | get(?:s)? rid of | free(?:s)? you (?:of|from)
    kill(?:s|ed)? off
""")
_FOREVER = any_of(r"forever | for ever | for good(?! \w) | permanently | once and for all | for life(?! \w)")
_PILLS = r"(?:\w+ )?(?:pills?|med(?:s|ication|icine)s?|painkillers?|cane|braces?|walker)"
_SPAN = (
    r"(?:(?:just |only |under |less than )?(?:\d+|an?|one|two|three|four|five|seven|ten|thirty|a few)[- ]?)"
)
_UNIT = r"(?:seconds?|minutes?|hours?|days?|nights?|weeks?)"
_THING = any_of("""
    treatments? | thing | drugs? | remed(?:y|ies) | exercises? | stretch | diet | way | supplements? | pills?
    solution | cure | method | device | food
""")
_AILING = r"(?:pain|migraines?|headaches?|arthritis|sciatica|suffering)"
_EVERYBODY = rf"(?:everyone|everybody|every (?:patient|person|one|body|back|knee|{_WHAT}))"
_WHOLLY = r"(?:effective|success|pain[- ]free|relief|cured?|safe|natural|proven|guaranteed|better)"
_HARM = r"(?:known |real |serious )?(?:risks?|side[- ]effects?|dangers?)"
_HIDDEN = r"(?:secret|hidden|forbidden|banned|suppressed|forgotten)"
_TELL = r"(?:want (?:you|us|patients|people) to know|dare tell|tells? you)"
_GONE = r"(?:gone|healed|cured|vanishe[sd]|disappear(?:s|ed))"
_HELPS = r"(?:relief|relieves?|cures?|heals?|fix(?:es)?|stops?|kills?)"

_KINDS: dict[str, str] = {
    "cure": words(r"""
        cure(?:s|d)? | cure-?alls? | curing | curable | panaceas? | magic (?:bullet|pill|potion|cure)s?
        silver bullet | heal-?all
    """),
    "sure": words(r"""
        guarante(?:e|es|ed|eing) | sure-?fire | fool-?proof | never fails? | works? every time | always works?
        without fail | money-?back | your money back
        (?:clinically|scientifically|medically) proven to (?:end|eliminate|erase|cure|heal|reverse|stop|work)
    """),
    "all": words(rf"""
        works? (?:for|on) (?:everyone|everybody|anyone|anybody|every (?:patient|person|body))
        works? (?:for|on) all(?! of the| ages| levels| kinds| sizes)
        (?:helps?|solves?|{_HELPS}) {_EVERYBODY}
        (?:works?|helps?|eases?|{_HELPS})\b[^.!?]{{0,30}}\bfor (?:everyone|everybody|anyone|all)(?=\W*$|[.,!])
        in (?:every|all|100 ?%|100 percent of) (?:patients?|cases?|people|users?)(?=[.!]|$)
        (?:100|one hundred|a hundred) ?(?:%|per ?cent) (?:pain[- ])?{_WHOLLY}
    """),
    "only": words(rf"""
        the only {_THING} (?:for {_ILL} )?(?:that|which) (?:really |actually |truly |ever )?works
        the only {_THING} you(?:['’]ll| will)? (?:ever )?need | the only {_THING} (?:that|to) {_ENDS}
    """),
    "wonder": words(r"mirac(?:les?|ulous(?:ly)?) | wonder[- ](?:drug|cure|pill|herb)s?"),
    "safe": words(rf"""
        (?:risk|side[- ]effect)s?[- ]free | zero[- ]risk | not? (?:a )?single side[- ]effect
        cannot (?:hurt|harm) you
        (?:no|zero|without(?: any)?) {_HARM}(?! of| that| to| from| for|[- ]benefit)
        (?:completely|totally|absolutely|perfectly|entirely|utterly) (?:safe|harmless|painless|natural and safe)
        safe for (?:everyone|everybody|anyone|all) | (?:all[- ]|100 ?% )natural (?:and|&) (?:\w+ )?safe
    """),
    "hidden": words(rf"""
        (?:{_DOCTORS}|{_INDUSTRY}) (?:really )?(?:hates?|fears?|dreads?)
        (?:does ?n['’]?t|do ?n['’]?t|does not|do not|wo ?n['’]?t|will not|will never|never) {_TELL}
        {_INDUSTRY} (?:is|are|does|has been|have been|tried to) (?:hiding|hide|afraid|suppress\w*|silent|quiet|bury\w*)
        {_INDUSTRY} (?:keeps?|wants?) (?:quiet|silent|hidden|to hide|to bury)
        {_HIDDEN} (?:\w+ )?(?:remed(?:y|ies)|(?:cure|trick|treatment|formula|recipe|herb|tea)s?)
    """),
    "shock": words(rf"""
        {_DOCTORS} (?:(?:is|are|were|left) (?:stunned|shocked|baffled|speechless|furious|amazed|in awe)|hates?)
        (?:stuns|shocks|baffles|amazes) (?:the )?{_DOCTORS}
    """),
    "trick": words(
        r"(?:one|this|these|\d+) (?:weird|simple|strange|odd|crazy|little[- ]known) (?:old )?tricks?"
    ),
    "instead": words(rf"""
        (?:throw|toss|chuck) (?:away |out )?(?:your|those|the|all your) {_PILLS}
        never (?:need|see|visit) (?:an? |your )?(?:doctor|surgery|surgeon|pills?|medication|painkillers?)s? again
        (?:stop|quit) taking your {_PILLS} (?:today|now|for good|at once)
        (?:better|stronger|more effective|safer) than (?:any|all|every) (?:\w+ )?{_PILLS}
        (?:better|stronger|more effective|safer) than (?:any|all|every) (?:\w+ )?(?:drugs?|surgery|doctors?)
        say good-?bye to (?:your )?{_ILL} | kiss (?:your )?{_ILL} good-?bye
    """),
    "ever": words(rf"""
        {_ILL}\b[^.!?;]{{0,30}}\b{_FOREVER} | (?:fixed|free|stops?|ends?|{_GONE}) (?:away )?{_FOREVER}
        permanent(?:ly)? (?:ends?|ended|relief|eliminates?|erases?|removes?|gone|cures?|heals?|fix(?:es)?|solutions?)
        never (?:suffer|feel|have|worry|hurt|ache)\w* (?:from |about )?(?:\w+ ){{0,2}}{_AILING}? ?(?:ever )?again
        never (?:comes?|came|returns?|returned) (?:back|again) | never (?:returns?|recurs?)
        (?:lasting|lifelong|lifetime) cure | no more (?:\w+ )?{_AILING}(?! than)
    """),
    "end": words(rf"""
        {_ENDS} (?:of )?{_ILL} | destroy(?:s|ed)? (?:{_WHOSE} ){{0,3}}(?:pain|aches?|inflammation|suffering)
        the end of {_ILL} as we know it
        (?:heal|regrow|regenerate|rebuild)(?:s|ed)? (?:\w+ )?{_ILL}
        {_ILL} (?:vanishe[sd]|melts away|melted away|disappeared|is history|is gone for good)
    """),
    "soon": words(rf"""
        (?:{_GONE}|pain[- ]free|back to normal) (?:in|within|after) {_SPAN}{_UNIT}
        {_ENDS} {_ILL}\b.{{0,20}} (?:in|within) {_SPAN}?{_UNIT}
        pain[- ]free (?:tomorrow|today|tonight|now|at last|for life)
        {_HELPS} (?:\w+ )?(?:{_ILL} )?(?:in|within) {_SPAN}?(?:seconds|minutes)
        (?:eases?|{_ENDS}|{_HELPS}) {_ILL} (?:instantly|immediately|overnight|at once)
        instant(?:ly)? (?:\w+ )?(?:relief|cure|fix|relieves?|stops?|ends?|heals?|kills?|results?)
        (?:{_GONE}|results) (?:overnight|instantly|immediately)
        {_GONE} in (?:minutes|seconds|hours|a day|a week)
    """),
}
PROMISES = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS.items()), re.I)
"""Each in a group named after its kind."""
HYPE = re.compile(
    words(r"""
        breakthroughs? | game[- ]chang(?:er|ing) | revolution(?:ary|i[sz]es?) | life[- ]changing
        cutting[- ]edge | holy grail | amazing (?:results|recovery) | astonishing
        (?:clinically|scientifically|medically) proven | all[- ]natural | doctor[- ]recommended
        super ?foods? | detox(?:es|ify)?
    """),
    re.I,
)
"""Words that praise where they should report."""
