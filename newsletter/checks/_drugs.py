"""Names of medicines that a pain letter speaks of: generic names, and brand names of the United States and Europe."""

from __future__ import annotations

import re

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
DOSE = re.compile(
    r"\b\d[\d,.]*\s?(?:-|–|to\s)?\s?\d*\s?(?:mg|mcg|µg|μg|ug|milligrams?|micrograms?"
    r"|milligrammes?|ml|millilit(?:er|re)s?|cc|iu|i\.u\.)\b(?:/\w+)?"
    r"|\b\d[\d,.]*\s?grams? of\b"
    r"|\b(?:\d+|one|two|three|four|five|six|half a) (?:tablets?|pills?|capsules?|puffs|drops|doses|caplets?)\b"
    r"(?= (?:a|per|each|every|daily|twice|once|three times|against|before|after|at|of)\b)"
    r"|\b(?:once|twice|(?:two|three|four|\d) times) (?:a day|daily|a night)\b(?=.*\b(?:take|dose|pill|tablet)\w*)"
    r"|\b(?:double|triple|halve) (?:your|the) dose\b",
    re.I,
)
"""A dose: so many milligrams, tablets a day."""
EVERY = re.compile(r"\bevery (?:\d+|two|three|four|six|eight|twelve)(?: to \w+)? hours\b", re.I)
"""A dose where a medicine is named beside it."""
