"""Names of medicines that a pain letter speaks of: generic names, and brand names of the United States and Europe."""

from __future__ import annotations

import re

from newsletter.checks._words import any_of

GENERIC = """
acetaminophen paracetamol aspirin ibuprofen naproxen diclofenac celecoxib etoricoxib meloxicam indomethacin
ketorolac nabumetone etodolac piroxicam ketoprofen metamizole oxycodone hydrocodone hydromorphone oxymorphone
morphine codeine dihydrocodeine tramadol tapentadol fentanyl sufentanil buprenorphine methadone levorphanol
meperidine pethidine naloxone naltrexone gabapentin pregabalin mirogabalin duloxetine venlafaxine milnacipran
amitriptyline nortriptyline desipramine imipramine carbamazepine oxcarbazepine lamotrigine topiramate valproate
baclofen tizanidine cyclobenzaprine methocarbamol carisoprodol metaxalone orphenadrine diazepam lorazepam clonazepam
alprazolam temazepam zolpidem ketamine esketamine lidocaine bupivacaine ropivacaine capsaicin clonidine mexiletine
ziconotide sumatriptan rizatriptan zolmitriptan eletriptan naratriptan frovatriptan almotriptan lasmiditan
rimegepant ubrogepant atogepant zavegepant erenumab fremanezumab galcanezumab eptinezumab propranolol candesartan
prednisone prednisolone methylprednisolone dexamethasone triamcinolone betamethasone onabotulinumtoxina suzetrigine
dronabinol nabilone cannabidiol semaglutide denosumab tanezumab adalimumab etanercept infliximab methotrexate
colchicine allopurinol
"""
BRAND = """
tylenol panadol advil motrin aleve voltaren celebrex mobic toradol oxycontin percocet percodan roxicodone vicodin
norco lortab dilaudid opana ms-contin kadian ultram nucynta duragesic actiq belbuca butrans suboxone subutex
sublocade dolophine demerol narcan vivitrol neurontin gralise horizant lyrica cymbalta effexor savella elavil
tegretol trileptal lamictal topamax depakote lioresal zanaflex flexeril robaxin soma skelaxin valium ativan klonopin
xanax ambien ketalar spravato lidoderm qutenza prialt imitrex maxalt zomig relpax reyvow nurtec ubrelvy qulipta
aimovig ajovy emgality vyepti botox journavx marinol epidiolex ozempic wegovy humira enbrel remicade medrol
"""
_NAMES = [*GENERIC.split(), *BRAND.split()]
DRUG = re.compile(r"\b(?:" + "|".join(map(re.escape, sorted(_NAMES, key=len, reverse=True))) + r")s?\b", re.I)
"""Where a medicine is named."""
_NUMBER = r"(?:\d[\d,.]*(?: ?(?:-|–|to|or) ?\d[\d,.]*)?)"
_COUNT = r"(?:\d+|an?|one|two|three|four|five|six|eight|ten|another|half an?|a half|a quarter of an?)"
_FORM = any_of(r"""
    tablets? | pills? | capsules? | caplets? | puffs? | drops? | doses? | sprays? | patch(?:es)? | spoonfuls?
    teaspoons? | tablespoons? | shots? of
""")
_UNIT = (
    r"(?:mg|mcg|µg|μg|ug|milligram(?:me)?s?|microgram(?:me)?s?|ml|millilit(?:er|re)s?|cc|iu|i\.u\.|mmol|meq)"
)
_TAKE = r"(?:tak(?:e|es|ing)|took|try|use|swallow|start with|up to|needs?|add)"
_MEAL = r"(?:food|meals?|water|each|every|your)"
_TIMES = r"(?:once|twice|(?:two|three|four|\d) times)"
_EACH = r"(?:an?|per|each|every|daily|nightly|twice|once|three times)"
DOSE = re.compile(
    any_of(rf"""
        \b{_NUMBER} ?-?{_UNIT}\b(?: ?/ ?\w+)? | \b{_NUMBER} ?(?:g|grams?|units?) (?:a|per) day\b
        \b{_NUMBER} ?(?:g|grams?|units?) daily\b
        \b(?:{_NUMBER}|(?:half )?an?|one|two|three|four) ?grams? of\b
        \b(?:half an?|a half|a quarter of an?|one and a half) {_FORM}\b
        \b{_TAKE} (?:just |only |the )?(?!an? ){_COUNT} (?:\w+ )?{_FORM}\b
        \b{_TAKE} (?:just |only )?an? (?:\w+ )?{_FORM}\b(?! (?:for|when|and|or|if|to)\b)
        \b{_COUNT} (?:\w+ )?{_FORM} (?:{_EACH}|against|before|after|at|in the|with {_MEAL})\b
        \b{_COUNT} {_FORM} of (?:\w+ ){{1,3}}(?:{_EACH}|before|after|at|with)\b
        \b{_TIMES} (?:a day|daily|a night|per day)\b(?=.*\b(?:take|dose|pill|tablet)\w*)
        \b(?:double|triple|halve|skip|increase|raise|lower) (?:your|the) dose\b
    """),
    re.I,
)
"""A dose: so many milligrams, tablets a day."""
WITH_DRUG = re.compile(
    any_of(rf"""
        \bevery (?:\d+|two|three|four|six|eight|twelve)(?: to \w+)? hours\b
        \b{_NUMBER} ?(?:g|grams?|units?)(?=\W|$)
        \b(?:once|twice|{_COUNT} times) (?:a day|daily|a night|a week|per day)\b
    """),
    re.I,
)
"""A dose where a medicine is named beside it."""
