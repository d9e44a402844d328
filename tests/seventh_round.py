# ruff: noqa: E501 - a table reads best with one issue a line
"""A seventh round, of good issues alone, written blind: sentences that a hostile reader of the checks thinks they may take
for a fault, and the plain ones beside them.
"""

from __future__ import annotations

from broken_issues import Change, blurb, story, title
from clean_issues import SITE
from third_round import note, subject

ERRORS: tuple[tuple[str, str, Change], ...] = ()
WARNINGS: tuple[tuple[str, str, Change], ...] = ()
NO_HELP: tuple[tuple[str, str], ...] = ()

GOOD: tuple[tuple[str, Change], ...] = tuple(
    (words, blurb(words)) for words in (
        "Rheumatoid arthritis destroys joints when it goes untreated. New drugs can slow it down.",
        "Ask about costs in advance, and bring a list of your medicines.",
        "Thanks to new rules for the use of telehealth, visits by video stay covered.",
        "A good website to check drug interactions, and two to avoid.",
        "People with fibromyalgia feel a light touch as more painful than anyone else in the room.",
        "In reply to Congress the agency published its data.",
        "Claims submitted by patients are decided within 30 days.",
        "More than one in five U.S. adults live with chronic pain, a survey says.",
        "Radiofrequency ablation kills off the small nerves of a worn joint for a while.",
        "The agency received 700 comments on its draft.",
        "The drug was approved 20 years ago",
        "Florence Nightingale Hospital has opened a pain clinic for children.",
        "Nietzsche wrote: “I have given a name to my pain, and call it dog.”",
        "Exercise works for all ages. A therapist shows how to begin at 80.",
        "Jane Brody on 7 ways to stay active with sore knees.",
        "Some advice is harmful. What not to do for a stiff neck.",
        "Linda Watkins struggled with the question of why pain spreads. Her answer was glia.",
        "A reporter who has covered pain for twenty years looks back: Maia Szalavitz in conversation.",
        "Does anybody know what causes fibromyalgia? Not yet.",
        "The pump delivers medicine straight to the spine, so that far less is needed.",
        "Call ahead: some pharmacies have run out of patches.",
        "What does a normal day with CRPS look like? We followed a teacher, a baker and a nurse.",
        "Three letters that help: MRI, EMG, CT, and what each can show.",
        "The hospital's board voted 7 to 2 for a new pain service.",
        "An hour of gardening burns about 250 calories and loosens stiff hips.",
        "The company says its belt ends pain; no study has tested it.",
        "The committee, led by Susan Collins, asks why so few doctors learn about pain.",
        "What you can do tonight: a warm shower, a dark room, an early bed.",
        "Why the second opinion matters before a fusion.",
        "After the storm, clinics in Florida reopen. Where to get refills.",
        "A study of 12 345 678 prescriptions shows a slow decline.",
        "The ICD-10 code G89.4 stands for chronic pain syndrome.",
        "Opens Monday, 9:00-17:30, at 400 Desert Road.",
        "Call 1-888-555-0123, a free line of the arthritis foundation.",
        "Her novel's hero, Anna, limps; the author explains why.",
        "Everybody's pain is different, and so is everybody's plan.",
        "Ask anyone who has had shingles: it is the burning that they remember.",
        "The cure that wasn't: what a century of tonics teaches.",
        "Hot or cold? It is a matter of taste; neither heals a sprain faster.",
        "The first in-person meeting since 2020 was full to the last seat.",
        "What the label means by “may cause drowsiness”.",
        "Between the vertebrae lie discs that act as cushions, and dry out with age.",
        "My Pain Diary, a free app, was tested by 300 people.",
        "Two sisters run a farm in Iowa; one of them, a physical therapist, wrote a book about backs.",
        "“My back hurts” is the second most common sentence in a doctor's office.",
        "How I plan my week: a pain psychologist opens her calendar.",
    )
) + tuple(
    (words, title(words)) for words in (
        "A new pill for acute pain wins approval",
        "A patch with lidocaine: how it works",
        "When to take a pill for migraine, and when to wait",
        "More U.S. Adults Have Chronic Pain, CDC Says",
        "How to get rid of a headache without pills",
        "Conquering pain together: a weekend in Denver",
        "CDC draft guideline draws 700 comments",
        "Why you should never change the dose yourself",
        "Thomas Jefferson Hospital opens a headache center",
        "Can one shot end a migraine?",
        "Do not miss your follow-up",
        "A shot in the knee: what it can do",
        "Pain after 80",
        "Five pills that doctors rarely prescribe now",
        "What a good night does for a bad back",
    )
) + tuple(
    (words, note(words)) for words in (
        "Dear readers,\n\nmy neighbor Walter is 82 and walks every morning. I wish I did.",
        "Do you know somebody who should read this? Forward it: that is how most of you found us.",
        "Three links this week: [a guide](https://www.painmatters.org/guide/), [a talk](https://www.painmatters.org/talk/) and [a song](https://www.painmatters.org/song/).",
        "P.S. We moved. Our new address is 400 Desert Road, the phone stays the same.",
        "Have a good week! And if you can, sit in the sun for ten minutes.",
    )
) + tuple(
    (words, subject(words)) for words in (
        "Don't wait with these three symptoms",
        "Last call for your questions on sleep",
        "A new guideline, a new drug, an old walk",
        "The truth about bed rest",
    )
) + (
    ("an address in Cyrillic", story(url=f"{SITE}/новости/боль/")),
    ("an address with per cents", story(url=f"{SITE}/news/caf%C3%A9-pain-%26-sleep/")),
    ("a page about tracking", story(url=f"{SITE}/news/tracking-your-pain/")),
    ("a page that is open to all", story(url="https://www.clinicsite.org/open/enrollment-period-2026/")),
)  # fmt: skip
