# ruff: noqa: E501 - a table reads best with one fault a line
"""A sixth round of broken and good issues, written blind after the checks had been widened for the fifth: all of it before
they were run on any of it.

Read once by the checks as they were: 0.94 of the faults were found, and none of the good issues stopped. One fault, an
entity in the note, is none: Markdown reads it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from broken_issues import Change, blurb, html, picture, settings, story, template, title
from clean_issues import SITE
from third_round import BRAND, answered, had, note, retracted, subject, went_out

from newsletter.checks import Answer

ERRORS: tuple[tuple[str, str, Change], ...] = (
    ("placeholders", "a name in capitals", note("Dear {{ NAME }},\n\na short letter today.")),
    ("placeholders", "a block of Jinja", note("Good morning.\n\n{% if subscriber %}Welcome back{% endif %}")),
    ("placeholders", "to do, in brackets", blurb("[TODO: ask Dr. Hale] A trial finds that walking helps.")),
    ("placeholders", "a subject to write", subject("Subject line TBD")),
    ("placeholders", "a merge tag in a title", title("*|TITLE|*")),
    ("placeholders", "Latin in the note", note("Lorem ipsum dolor sit amet, consectetur adipiscing elit.")),
    ("placeholders", "an exclamation among editors", note("Good morning!\n\nFIXME photo credit")),
    ("placeholders", "a first draft", subject("[DRAFT] Knees in winter")),
    ("placeholders", "a test that was sent", subject("Test")),
    ("placeholders", "blanks to fill in", note("Join us at ____________ on December 3.")),
    ("placeholders", "the word placeholder", blurb("Placeholder text for the knee story.")),
    ("placeholders", "a date of nothing", note("Our next issue comes on MM/DD/YYYY.")),
    ("placeholders", "an editor's question", blurb("A trial of 412 adults (check number!!) finds that walking helps.")),
    ("garbled", "a bold word in HTML", blurb("<strong>New:</strong> a guide to winter.")),
    ("garbled", "a blank in the subject", subject("Knees&nbsp;in winter")),
    ("garbled", "a link in HTML", note('See <a href="https://www.painmatters.org/guide/">our guide</a>.')),
    ("garbled", "a gallery", blurb("[gallery ids=\"1,2,3\"] Pictures of the new clinic.")),
    ("garbled", "an unclosed star", note("**Good morning, dear readers.\n\nA short letter today.")),
    ("garbled", "a broken quote", blurb("â€œWalk a little every day,â€\x9d says the nurse.")),
    ("empty_parts", "a title of dots", title("...")),
    ("empty_parts", "a subject of a sign", subject("!")),
    ("required_parts", "no address anywhere", lambda d: template("parts/footer.txt.j2", "{{ letter.postal_address|wrapped }}", "")(template("parts/footer.mjml.j2", "{{ letter.postal_address }}", "")(d))),
    ("required_parts", "no disclaimer", settings(BRAND, f'[brand]\ndisclaimer = ""\n{BRAND}')),
    ("headers", "no Reply-To that works", settings('reply_to = "editors@painmatters.org"', 'reply_to = "Editors <editors@painmatters>"')),
    ("headers", "no List-Unsubscribe", lambda d: replace(d, mails=lambda m: m.replace(b"List-Unsubscribe: ", b"X-Unsubscribe: ", 1))),
    ("text_part", "another address in the text", template("issue.txt.j2", "{{ brand.call_to_action.url }}", "https://www.painmatters.org/other/")),
    ("mjml", "a misspelt attribute", template("parts/masthead.mjml.j2", '<mj-text css-class="ink">', '<mj-text css-clas="ink">')),
    ("mjml", "text in a section", template("issue.mjml.j2", "{% if lead %}\n", "<mj-section><mj-text>Hello</mj-text></mj-section>{% if lead %}\n")),
    ("html_balance", "a cell too many", html("</body>", "</td></body>")),
    ("link_form", "plain http to a story", story(url="http://www.painmatters.org/news/rain/")),
    ("link_form", "a script", note("[Press](javascript:void(0)) for more about winter.")),
    ("link_form", "a picture as data", note("See [the chart](data:image/png;base64,AAAA).")),
    ("link_form", "a preview", story(url=f"{SITE}/?p=88&preview=true")),
    ("link_form", "this machine", story(url="http://localhost:8080/rain/")),
    ("link_form", "nothing", note("See [our guide]() for winter.")),
    ("link_answers", "not found", answered("https://www.painmatters.org/doctors/", Answer(404, "https://www.painmatters.org/doctors/", "text/html"))),
    ("link_tracking", "bit.ly in the note", note("See [our guide](https://bit.ly/3winter).")),
    ("link_tracking", "tinyurl in a story", story(url="https://tinyurl.com/kneeguide")),
    ("link_tracking", "a reader's mail", note("[Your page](https://www.painmatters.org/me?email=reader@gmail.com) has more.")),
    ("link_tracking", "a subscriber's number", story(url=f"{SITE}/news/rain/?sid=98127")),
    ("link_tracking", "a pixel", html("</body>", '<img src="https://stats.painads.com/p.gif?c=7" width="1" height="1"></body>')),
    ("link_tracking", "a pixel of no size", html("</body>", '<img src="https://stats.painads.com/p.gif" style="width:0;height:0" alt=""></body>')),
    ("images", "without alt", html("</body>", f'<img src="{SITE}/b.jpg" width="300"></body>')),
    ("images", "WebP", story(image=f"{SITE}/knee.webp", own_picture=True, alt="A knee brace")),
    ("images", "its own name", story(image=f"{SITE}/knee.jpg", own_picture=True, alt="knee-brace_final.jpg")),
    ("images", "ten megabytes", picture(Answer(200, "", "image/jpeg", 10_000_000, 6000))),
    ("size", "forty long stories' worth", blurb("Heat eases stiffness and cold eases swelling, a nurse explains. " * 1_700)),
    ("subject", "ALL CAPS", subject("PAIN RELIEF NEWS FOR YOU")),
    ("subject", "an answer that is none", subject("Re: Your question about knees")),
    ("subject", "last chance", subject("Last chance to join our evening")),
    ("subject", "five signs", subject("Great news!!!!!")),
    ("repeated_subject", "last week's", had("Small Steps For Hard Mornings")),
    ("page_title", "no title", template("parts/head.mjml.j2", "<mj-title>{{ subject }}</mj-title>", "")),
    ("language", "Spanish by mistake", template("issue.mjml.j2", 'lang="{{ language }}"', 'lang="es"')),
    ("headings", "two great ones", html("</body>", "<h1>Once more</h1><p>x</p></body>")),
    ("contrast", "light grey", html("</body>", '<p style="color:lightgrey">Pale words</p></body>')),
    ("link_texts", "here", note("You find our guide [here](https://www.painmatters.org/guide/).")),
    ("link_texts", "read more", note("Winter is hard on knees. [Read more](https://www.painmatters.org/guide/)")),
    ("text_size", "twelve pixels", html("</body>", '<p style="font-size:12px">The small print.</p></body>')),
    ("already_sent", "the very same", went_out(f"{SITE}/news/rain-and-joints/")),
    ("claims", "a miracle", title("A miracle for your knees")),
    ("claims", "cures", title("This cures arthritis")),
    ("claims", "guaranteed", subject("Guaranteed relief for your back")),
    ("claims", "risk-free", blurb("A risk-free way to treat migraine.")),
    ("claims", "doctors hate", title("Doctors hate this one trick")),
    ("claims", "a hundred per cent", title("100% pain relief in one visit")),
    ("claims", "permanent", blurb("Permanent relief from sciatica in one session.")),
    ("claims", "instantly", title("Relieves migraine instantly")),
    ("claims", "once and for all", title("End your back pain once and for all")),
    ("claims", "no side effects", blurb("A new pill has no side effects at all.")),
    ("claims", "secret", title("The secret cure your doctor hides")),
    ("claims", "proven cure", note("We found a proven cure for gout.")),
    ("headline_dose", "20mg", title("Why 20mg of prednisone can be enough")),
    ("headline_dose", "half a gram", title("Half a gram of aspirin?")),
    ("headline_dose", "daily tablets", title("Two tablets twice a day: the new plan for gout")),
    ("personal_data", "a comment", blurb("I have fibromyalgia and this article describes exactly how I feel. Thank you!")),
    ("personal_data", "another", blurb("My doctor prescribed tramadol but I'm afraid to take it. Any advice?")),
    ("personal_data", "with a name", blurb("Posted by Linda M. on May 3, 2019: same pain here.")),
    ("personal_data", "a patient by name", blurb("John Carter, 58, has lived with CRPS since a fall.")),
    ("personal_data", "a name and a drug", blurb("Susan takes oxycodone for her spine.")),
    ("personal_data", "a mail", blurb("Contact: maria.gomez@yahoo.com")),
    ("personal_data", "a phone", blurb("Call 520-555-0147 to talk to her.")),
    ("personal_data", "a phone in brackets", blurb("Call (520)555-0147 to talk to her.")),
    ("personal_data", "a phone from abroad", blurb("Call +1 520 555 0147 to talk to her.")),
    ("personal_data", "a phone in dots", title("Questions? 520.555.0147")),
    ("personal_data", "a husband's story", blurb("My husband has had three back operations and cannot work any more.")),
    ("sponsored", "an affiliate's link", story(url="https://www.braceshop.com/knee?affiliate_id=991")),
    ("sponsored", "a sponsor's page", story(url=f"{SITE}/sponsored/patch/")),
    ("retractions", "a DOI", retracted("10.1213/ane.0b013e3181aa1234", blurb("The trial (doi:10.1213/ANE.0b013e3181aa1234) was small."))),
    ("retractions", "a PMID", retracted("19297418", note("A trial of 2009 (PMID 19297418) found the same."))),
)  # fmt: skip

WARNINGS: tuple[tuple[str, str, Change], ...] = (
    ("old_article", "of 2012", story(published=date(2012, 1, 5), updated=None)),
    ("headline_dose", "a drug alone", title("What to know about gabapentin")),
    ("subject", "long", subject("What helps stiff knees in winter, and a word about sleep, walking and shoes")),
    ("link_answers", "a busy server", answered("https://www.painmatters.org/doctors/", Answer(429, "", "text/html"))),
)  # fmt: skip

NO_HELP: tuple[tuple[str, str], ...] = (
    ("suicide", "Suicide is more common among people in pain. What to ask, and how."),
    ("withdrawal", "Opioid withdrawal, hour by hour."),
)

GOOD: tuple[tuple[str, Change], ...] = tuple(
    (words, blurb(words)) for words in (
        "A review of 32 trials finds that exercise eases knee pain about as much as pills do.",
        "What happens in the spine when a disc bulges, and why most bulges never hurt.",
        "An infusion of ketamine can calm CRPS for weeks. It is not for everybody, and needs a hospital.",
        "You cannot cure a worn joint, but you can train the muscles around it.",
        "Dr. Miguel Torres treats people with back pain in El Paso. He explains when he orders an MRI.",
        "Most side effects pass within two weeks. Call your doctor if they do not.",
        "Is there such a thing as a risk-free operation? A surgeon answers.",
        "A pharmacist explains what “as needed” means.",
        "The state's new program pays for rides to the clinic.",
        "In 1846 a dentist in Boston showed that ether could make surgery painless.",
        "Pain clinics promise much. Six questions that separate good ones from bad ones.",
        "Of 1,000 people with shingles, about 100 still have pain after three months.",
        "Gloves, a warm bath, and large handles: small helps for hands with arthritis.",
        "How to read the label of a pain reliever.",
        "Why a diagnosis takes years for some women with endometriosis.",
        "A study in mice hints at a new way to quiet nerves. People have to wait.",
        "The device was recalled because its battery can overheat; the maker's hotline is 1-800-555-0199.",
        "No one should have to choose between rent and medicine: a social worker on where to find help.",
        "Sitting is not the new smoking, but it does stiffen hips.",
        "Two physicians debate: should cannabis be tried before opioids?",
        "An old remedy, willow bark, became aspirin. A short history.",
        "Because nerves heal slowly, numbness after surgery may last a year.",
        "What your first visit costs with Medicare, and without.",
        "A new blood test for migraine is not ready for the clinic.",
        "Some pain after exercise is normal. How to tell it from a warning.",
        "Nobody knows why fibromyalgia begins. Three theories, fairly told.",
    )
) + tuple(
    (words, title(words)) for words in (
        "Back pain: when to see a doctor",
        "Three exercises for a stiff neck",
        "Why painkillers stop working",
        "Is your pillow hurting your neck?",
        "Cure or care? How clinics talk about pain",
        "What the new opioid rules mean for you",
        "Migraine: 7 triggers that surprise people",
        "The truth about cracking your back",
        "Before surgery: 10 questions",
        "Living with sciatica at work",
        "Kids and headaches",
        "Can weather cause pain?",
        "Better sleep with pain: a plan",
        "How nerve blocks work",
        "When arthritis comes early",
    )
) + tuple(
    (words, note(words)) for words in (
        "Dear readers,\n\nour family had a quiet week, and I hope yours did, too. Enjoy this issue.",
        "Good morning,\n\nthis is issue number 100. We look back at [our first one](https://www.painmatters.org/issues/1/).",
        "## Winter\n\nCold, dark, slow.\n\n## Spring\n\nIt will come.",
        "Questions? Write to editors@painmatters.org. We read all of it.",
        "> Be kind, for everyone you meet is fighting a hard battle.\n\nHappy Thursday!",
        "We were wrong last week: the price of the device is $1,200, not $120.",
    )
) + tuple(
    (words, subject(words)) for words in (
        "Knees first: what the new guideline says",
        "Is it the weather?",
        "Your winter plan for sore joints",
        "A calmer night, step by step",
        "When to call your doctor",
        "What's new in migraine care",
    )
) + (
    ("an apostrophe as a number, which Markdown reads", note("It&#39;s a cold week.")),
    ("a picture of the site", story(image=f"{SITE}/uploads/knee.png", alt="A drawing of the knee joint")),
    ("a page of a hospital", story(url="https://www.mayoclinic.org/diseases-conditions/sciatica/symptoms-causes/syc-20377435")),
    ("a talk", story(url="https://zoom.us/webinar/register/WN_abcDEF123")),
    ("a label", story(url=f"{SITE}/sponsored/belt/", title="Advertisement: a new heating belt")),
)  # fmt: skip
