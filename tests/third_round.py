# ruff: noqa: E501 - a table reads best with one fault a line
"""A third round of broken and good issues, written blind: all of it before the checks were run on any of it. Wordings
are those of readers' mails, of advertisements that were warned about, and of editors in a hurry.

Read once by the checks as they were: 0.55 of the faults were found, and 0.057 of the good issues stopped. The checks
were widened afterwards; `garbled` and `build` did not exist. Four faults that had been put together wrongly were
mended; one, of a note that begins with a deep heading, is none any more.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from broken_issues import Change, blurb, colours, html, picture, settings, story, template, title, whole
from clean_issues import SITE, Draft

from newsletter.checks import Answer, Past
from newsletter.urls import canonical_url

ACTION = 'url = "https://www.painmatters.org/doctors/"'
BRAND = "[brand.call_to_action]"


def note(text: str) -> Change:
    return whole(note=text)


def subject(text: str) -> Change:
    return whole(subject=text)


def twice(draft: Draft) -> Draft:
    """The last story once more, under another title."""
    last = replace(draft.pieces[-1], url=draft.pieces[-1].address)
    return replace(draft, pieces=(*draft.pieces[:-1], last, replace(last, title="Another title")))


def answered(url: str, answer: Answer) -> Change:
    return lambda draft: replace(draft, answers={url: replace(answer, url=answer.url or url)})


def went_out(url: str) -> Change:
    """The last story has this address, and an article of the same page was in an issue before."""

    def change(draft: Draft) -> Draft:
        draft = story(url=url)(draft)
        return replace(draft, past=Past({canonical_url(f"{SITE}/news/rain-and-joints/"): "2026-10-08"}, {}))

    return change


def had(text: str) -> Change:
    return lambda draft: replace(draft, past=Past({}, {text: "2026-10-08"}))


def retracted(key: str, change: Change, nature: str = "Retraction") -> Change:
    return lambda draft: replace(change(draft), retracted={key: nature})


ERRORS: tuple[tuple[str, str, Change], ...] = (
    # --- words that were to be replaced
    ("placeholders", "a name in double braces", note("Dear {{name}},\n\nthis week is about walking.")),
    ("placeholders", "a name in single braces", note("Hi {firstname},\n\nthis week is about walking.")),
    ("placeholders", "a name in brackets", note("Hi [NAME],\n\nthis week is about walking.")),
    ("placeholders", "a name in chevrons", note("Dear <<First Name>>,\n\nthis week is about walking.")),
    ("placeholders", "a name with a dollar", note("Dear $FNAME,\n\nthis week is about walking.")),
    ("placeholders", "a name in percents", note("Dear %FIRSTNAME%,\n\nthis week is about walking.")),
    ("placeholders", "a title here", title("Article title here")),
    ("placeholders", "a summary to add", blurb("Add summary here.")),
    ("placeholders", "question marks", blurb("???")),
    ("placeholders", "a test", blurb("Test test test")),
    ("placeholders", "a draft's subject", subject("DRAFT: What helps stiff knees")),
    ("placeholders", "a preheader to come", whole(preheader="Your preheader text")),
    ("placeholders", "an address to come", settings("400 Desert Road, Tucson, AZ 85701", "TODO: street and town")),
    ("placeholders", "a tagline of Latin", settings("Weekly updates on conditions, treatments and news", "Lorem ipsum dolor sit amet")),
    ("placeholders", "a remark to oneself", note("NOTE TO SELF: ask Ana about the date.\n\nGood morning.")),
    ("placeholders", "a remark to a colleague", note("Good morning.\n\n[Ana: please check the numbers before we send]")),
    ("placeholders", "a title of a new file", title("Untitled document")),
    ("placeholders", "a gap to fill in", note("Our next evening is on ______ at the clinic.")),
    ("placeholders", "a letter for a number", blurb("A trial of X,XXX adults found less pain after 12 weeks.")),
    ("placeholders", "asdf", blurb("asdf asdf")),
    # --- what readers would see as markup or as garbage
    ("garbled", "raw HTML in the note", note('<div style="color:red">Good morning</div>\n\nSmall steps add up.')),
    ("garbled", "a tag that is never closed", note("Good morning, <b>dear readers.\n\nSmall steps add up.")),
    ("garbled", "a script", note("Good morning.\n\n<script>alert(1)</script>")),
    ("garbled", "an entity", blurb("Sleep &amp; pain: what a new trial found.")),
    ("garbled", "a blank as an entity", title("Walking&nbsp;with sciatica")),
    ("garbled", "a numbered entity", blurb("The body&#8217;s own alarm can be turned down.")),
    ("garbled", "emphasis in a title", title("Why <em>stiff</em> is not worn out")),
    ("garbled", "a shortcode", blurb('[caption id="attachment_77" width="300"] A short walk helps most people.')),
    ("garbled", "a link without its end", note("See [our guide](https://www.painmatters.org/guide/ for more.")),
    ("garbled", "stars without an end", note("Good morning. **Three things to keep in mind this week.")),
    ("garbled", "a picture in the note", note("Good morning.\n\n![A path in the woods](https://www.painmatters.org/path.jpg)")),
    ("garbled", "Markdown in a text", blurb("A **large** trial, and [what it means](https://www.painmatters.org/x/).")),
    ("garbled", "a wrong encoding", blurb("The bodyâ€™s own alarm can be turned down.")),
    ("garbled", "a wrong encoding of accents", title("MÃ©niÃ¨re and neck pain")),
    ("garbled", "a letter that was lost", blurb("The body\ufffds own alarm can be turned down.")),
    # --- nothing where something should be
    ("empty_parts", "a title of a dash", title("—")),
    ("empty_parts", "a text of dots", blurb("...")),
    ("empty_parts", "a text that is the title", lambda d: blurb(d.pieces[-1].title)(d)),
    ("empty_parts", "a link without words in the note", note("Good morning. [](https://www.painmatters.org/x/) Small steps add up.")),
    # --- what must be there
    ("required_parts", "a look without the disclaimer", template("parts/footer.mjml.j2", "{% if brand.disclaimer %}", "{% if false %}")),
    ("required_parts", "a look whose text lacks the address", template("parts/footer.txt.j2", "{{ letter.postal_address|wrapped }}", "")),
    ("required_parts", "leaving in letters of no size", template("parts/footer.mjml.j2", '<a class="target" href="{{ unsubscribe_url }}">', '<a class="target" style="font-size:0px" href="{{ unsubscribe_url }}">')),
    ("required_parts", "leaving in a box of no height", html('~(<a class="target" href="@@unsubscribe_url@@"[^>]*>.*?</a>)', r'<div style="max-height:0;overflow:hidden">\1</div>')),
    ("required_parts", "a disclaimer of one point", settings(BRAND, f'[brand]\ndisclaimer = "."\n{BRAND}')),
    ("headers", "a post without a hyphen", lambda d: replace(d, mails=lambda m: m.replace(b"List-Unsubscribe=One-Click", b"List-Unsubscribe=OneClick"))),
    ("headers", "a copy to somebody", lambda d: replace(d, mails=lambda m: b"Bcc: someone@painmatters.org\r\n" + m)),
    ("headers", "two receivers", lambda d: replace(d, mails=lambda m: m.replace(b"To: ", b"To: other@painmatters.org, ", 1))),
    ("headers", "a raw letter in a header", lambda d: replace(d, mails=lambda m: m.replace(b"Subject: ", "Subject: é".encode(), 1))),
    ("headers", "no From", lambda d: replace(d, mails=lambda m: m.replace(b"From: ", b"X-From: ", 1))),
    ("text_part", "a look whose text lacks the button", template("issue.txt.j2", "{{ brand.call_to_action.url }}", "")),
    ("text_part", "a look whose text lacks help", template("parts/footer.txt.j2", "{{ help.url }}", "")),
    ("text_part", "a look whose text links by http", template("parts/story.txt.j2", "{{ item.url }}", '{{ item.url|replace("https:", "http:") }}')),
    # --- templates
    ("mjml", "mj-txt", template("parts/masthead.mjml.j2", "<mj-text css-class=\"ink\">", '<mj-txt css-class="ink"></mj-txt><mj-text css-class="ink">')),
    ("mjml", "a colour spelt as in England", template("parts/masthead.mjml.j2", '<mj-text css-class="ink">', '<mj-text css-class="ink" colour="#000000">')),
    ("mjml", "a bare nought among others", template("parts/masthead.mjml.j2", 'padding="40px 32px 28px 32px"', 'padding="40px 32px 28px 0"')),
    ("mjml", "a picture without alt", template("parts/masthead.mjml.j2", "</mj-column>", '<mj-image src="https://www.painmatters.org/logo.png" /></mj-column>')),
    ("mjml", "a section in a section", template("parts/masthead.mjml.j2", "<mj-column>", "<mj-section></mj-section><mj-column>")),
    ("build", "a cell opened in mj-raw", template("issue.mjml.j2", "{% if lead %}", "<mj-raw><table role=\"presentation\"><tr><td>x</mj-raw>{% if lead %}")),
    ("build", "a ghost table opened only", template("issue.mjml.j2", "{% if lead %}", '<mj-raw><!--[if mso]><table role="presentation"><tr><td><![endif]--></mj-raw>{% if lead %}')),
    ("html_balance", "crossed elements", html("</body>", "<p><b>Good</p></b></body>")),
    # --- links
    ("link_form", "a scheme misspelt", note("See [our guide](htps://www.painmatters.org/guide/).")),
    ("link_form", "no scheme", note("See [our guide](www.painmatters.org/guide/).")),
    ("link_form", "a file", note("See [our guide](file:///C:/Users/ana/guide.docx).")),
    ("link_form", "a path from here", note("See [our guide](../guide/).")),
    ("link_form", "a button by http", settings(ACTION, 'url = "http://www.painmatters.org/doctors/"')),
    ("link_form", "an anchor in the note", note("See [below](#news) for the news.")),
    ("link_form", "a script in the note", note("See [our guide](javascript:alert(document.cookie)).")),
    ("link_form", "a test host", story(url="https://painmatters.local/news/rain/")),
    ("link_form", "this very machine", note("See [our guide](https://127.0.0.1:8080/guide/).")),
    ("link_form", "a host with no ending", note("See [our guide](https://painmatters/guide/).")),
    ("link_form", "mail to nobody", note("[Write to us](mailto:) about it.")),
    ("link_answers", "the button is gone", answered("https://www.painmatters.org/doctors/", Answer(404, "", "text/html"))),
    ("link_answers", "the crisis line's page is gone", answered("https://988lifeline.org/", Answer(410, "", "text/html"))),
    ("link_answers", "a host that is no more", answered("https://www.painmatters.org/doctors/", Answer(0, "", trouble="no such host"))),
    ("link_tracking", "another shortener", note("See [our guide](https://t.ly/3xK9).")),
    ("link_tracking", "a list's counter", story(url="https://painmatters.us5.list-manage.com/track/click?u=1f&id=2&e=3")),
    ("link_tracking", "a reader's mark after the hash", note("See [our guide](https://www.painmatters.org/guide/#email=jane%40example.net).")),
    ("link_tracking", "an address in the path", note("See [your page](https://www.painmatters.org/u/jane.doe@gmail.com/).")),
    ("link_tracking", "Facebook's mark", story(url=f"{SITE}/news/rain/?fbclid=IwAR0abcDEF123")),
    ("link_tracking", "Google's mark", story(url=f"{SITE}/news/rain/?gclid=EAIaIQobChMI")),
    ("link_tracking", "mail about somebody", note("[Write to us](mailto:editors@painmatters.org?body=jane.doe@gmail.com).")),
    ("link_tracking", "a pixel by style", html("</body>", f'<img src="{SITE}/o.png" alt="" style="width:1px;height:1px"></body>')),
    ("link_tracking", "a counter's picture", html("</body>", '<img src="https://www.google-analytics.com/collect?tid=UA-1&t=event" alt=""></body>')),
    ("link_tracking", "a ground from elsewhere", html("</body>", '<div style="background-image:url(https://track.painads.com/o/77.gif)">&nbsp;</div></body>')),
    ("link_tracking", "a style sheet from elsewhere", html("</head>", '<link rel="stylesheet" href="https://fonts.googleapis.com/css?family=Lato"></head>')),
    ("link_tracking", "a frame", html("</body>", '<iframe src="https://www.painmatters.org/count"></iframe></body>')),
    # --- pictures
    ("images", "a text of one word for nothing", story(image=f"{SITE}/a.jpg", alt="image")),
    ("images", "a screenshot's name", story(image=f"{SITE}/a.png", alt="Screen Shot 2026-11-20 at 10.14.22")),
    ("images", "WebP with a size behind it", story(image=f"{SITE}/a.webp?w=600", alt="A path in the woods")),
    ("images", "AVIF", story(image=f"{SITE}/a.avif", alt="A path in the woods")),
    ("images", "a logo in SVG", settings(BRAND, f'[brand]\nlogo = "{SITE}/logo.svg"\n{BRAND}')),
    ("images", "a document", picture(Answer(200, "", "application/pdf", 90_000))),
    ("images", "SVG by its type", picture(Answer(200, "", "image/svg+xml", 2_000))),
    ("images", "a poster", picture(Answer(200, "", "image/png", 2_600_000, 2400))),
    # --- inboxes
    ("size", "a very long text", blurb("Short walks help most people more than rest does. " * 2_300)),
    ("subject", "an answer in capitals", subject("RE: your test results")),
    ("subject", "an urgent thing", subject("URGENT: read before your next visit")),
    ("subject", "all in capitals", subject("WHAT HELPS STIFF KNEES")),
    ("subject", "bait", subject("You won't believe what this does to your back")),
    ("subject", "money", subject("Save $$$ on your next injection")),
    ("subject", "marks in a row", subject("Stiff knees?! Read on!!")),
    ("subject", "two hundred characters", subject("Small steps for hard mornings, a longer look at what helps stiff knees in winter, a word on sleep, three stories of the new guideline, and an evening of talks that you can follow from your own sofa")),
    ("repeated_subject", "with a picture before it", had("🌧 Small steps for hard mornings")),
    ("repeated_subject", "in other letters", had("SMALL STEPS for hard mornings.")),
    ("page_title", "a look with its own title", template("parts/head.mjml.j2", "{{ subject }}", "{{ letter.name }}")),
    ("spam", "seven points", whole(spam=(7.0, ("FREEMAIL_FORGED_REPLYTO",)))),
    # --- access
    ("language", "a look in French", template("issue.mjml.j2", 'lang="{{ language }}"', 'lang="fr"')),
    ("headings", "a note that leaves a step out", note("# Good morning\n\nA word.\n\n#### Deep down\n\nAnother word.")),
    ("headings", "a look without h1", template("parts/masthead.mjml.j2", "h1>", "p>")),
    ("contrast", "a pale line of a look's own", template("parts/masthead.mjml.j2", "<p>{{ words.day(date) }}</p>", '<p style="color:#a5a5a5">{{ words.day(date) }}</p>')),
    ("contrast", "a colour by hue", html("</body>", '<p style="color:hsl(0, 0%, 72%)">Pale words</p></body>')),
    ("contrast", "see-through words", html("</body>", '<p style="color:rgba(0,0,0,0.35)">Pale words</p></body>')),
    ("contrast", "white on yellow", colours('[brand.colours]\naccent = "#f2c200"')),
    ("link_texts", "an arrow", note("Our guide to cold days [→](https://www.painmatters.org/guide/).")),
    ("link_texts", "this article", note("We liked [this article](https://www.painmatters.org/guide/).")),
    ("link_texts", "check it out", note("We have a new guide. [Check it out](https://www.painmatters.org/guide/)!")),
    ("link_texts", "click here to read", note("[Click here to read more](https://www.painmatters.org/guide/).")),
    ("text_size", "a look with small print", template("parts/footer.mjml.j2", "<p>{{ letter.name }}", '<p style="font-size:11px">{{ letter.name }}')),
    ("text_size", "a word for small", html("</body>", '<p style="font-size:x-small">The small print.</p></body>')),
    ("text_size", "a share of the size", html("</body>", '<p style="font-size:60%">The small print.</p></body>')),
    ("tables", "a look's own table", template("parts/footer.mjml.j2", "<p>{{ letter.name }}", "<table><tr><td>A</td><td>B</td></tr></table><p>{{ letter.name }}")),
    # --- already sent
    ("already_sent", "by way of a campaign's address", went_out(f"{SITE}/news/rain-and-joints/?utm_source=letter")),
    ("already_sent", "without www and slash", went_out("https://painmatters.org/news/rain-and-joints")),
    # --- claims
    ("claims", "reversing damage", title("Shown effective for reversing cartilage damage")),
    ("claims", "natural and safe", blurb("The safe, 100% natural solution for eliminating the aches and pains of arthritis.")),
    ("claims", "cures arthritis", blurb("An ancient Chinese tea that cures arthritis.")),
    ("claims", "a miracle cure", title("Turmeric: the miracle cure on your spice shelf")),
    ("claims", "an end", title("The end of back pain as we know it: one injection and it is gone for good")),
    ("claims", "better than any drug", blurb("It works better than any painkiller, with zero side effects.")),
    ("claims", "throw it away", title("Throw away your pain pills: this herb does it all")),
    ("claims", "clinically proven to end", blurb("Clinically proven to eliminate migraine within days.")),
    ("claims", "results guaranteed", blurb("Results guaranteed or your money back.")),
    ("claims", "what they hide", subject("What the drug companies don't want you to know")),
    ("claims", "a breakthrough for all", title("Scientific breakthrough ends arthritis suffering")),
    ("claims", "a cure-all", title("Cannabis oil, the cure-all for chronic pain")),
    ("claims", "hundred per cent safe", note("The procedure is one hundred percent safe, so do not worry.")),
    ("claims", "no risk at all", blurb("There is no risk at all, and it takes ten minutes.")),
    ("claims", "healed for ever", blurb("After three sessions your nerves are healed forever.")),
    ("claims", "curable at last", title("Fibromyalgia is finally curable")),
    ("claims", "in a quoted voice", blurb("“It cured my sciatica overnight,” says one user of the new belt.")),
    # --- doses
    ("headline_dose", "no blank", title("Is 20mg of this new pill enough?")),
    ("headline_dose", "a number in words", title("Two pills before bed for a calmer back")),
    ("headline_dose", "a range", title("Take 200–400 mg of magnesium against cramps")),
    ("headline_dose", "per kilogram", title("Ketamine at 0.5 mg/kg for CRPS")),
    ("headline_dose", "per cent of a cream", title("Try a 5% lidocaine cream three times a day")),
    ("headline_dose", "in the subject", subject("Why 1000 mg a day may be too much")),
    ("headline_dose", "in the preheader", whole(preheader="And: 75 mg of Lyrica twice daily, what to know")),
    ("headline_dose", "half a tablet", title("Half a tablet is often enough")),
    # --- persons
    ("personal_data", "a fellow sufferer", blurb("Been dealing with this since 2009. Three surgeries, two stimulators, and I still can't sit for more than ten minutes.")),
    ("personal_data", "an age and a dose", blurb("56 yr old female here, on 60mg morphine a day, docs won't listen to me anymore!!")),
    ("personal_data", "thanks to the site", blurb("So glad I found this site. My daughter has had RSD since she was nine and nobody believed us.")),
    ("personal_data", "a question to the site", blurb("Is there a doctor in Mesa who does this? I have tried everything and my insurance denied me.")),
    ("personal_data", "a name and a diagnosis", blurb("Deborah Mills was told she had CRPS after a broken wrist.")),
    ("personal_data", "a name and an age", blurb("Carlos, 38, a roofer from Tempe, lives with failed back surgery syndrome.")),
    ("personal_data", "a name in a title", title("How Jennifer beat her opioid addiction")),
    ("personal_data", "a surname with an initial", blurb("J. Whitfield, who has trigeminal neuralgia, tried every drug.")),
    ("personal_data", "a mother", blurb("My mom's doctor stopped her fentanyl cold and she ended up in the ER.")),
    ("personal_data", "a mailbox", blurb("Questions? painwarrior77@hotmail.com")),
    ("personal_data", "a mailbox in disguise", blurb("Reach me at jane.doe (at) gmail (dot) com.")),
    ("personal_data", "a phone with dots", blurb("Call Rita on 480.555.0134 for a ride to the group.")),
    ("personal_data", "a phone with blanks", blurb("My number is 602 555 0119.")),
    ("personal_data", "a phone in one piece", blurb("Text 6025550119 for the address.")),
    ("personal_data", "a phone from abroad", blurb("Ring +49 170 5550123 in the evening.")),
    ("personal_data", "a mailbox behind a link", note("[Write to Jane](mailto:jane.doe1962@gmail.com) for a seat in her car.")),
    ("personal_data", "a reader's name in the picture's words", story(image=f"{SITE}/a.jpg", alt="Maria Lopez, who has fibromyalgia, in her garden")),
    # --- paid
    ("sponsored", "a brand's page", story(url=f"{SITE}/brandvoice/knee-brace/")),
    ("sponsored", "an affiliate's short name", story(url="https://www.kneebrace.shop/?ref=painmatters")),
    ("sponsored", "Amazon in the note", note("I sleep on [this pillow](https://www.amazon.com/gp/product/B00X?linkCode=ll1&tag=painm-20).")),
    ("sponsored", "ClickBank", story(url="https://abc123.painhop.hop.clickbank.net/")),
    ("sponsored", "a category in other words", story(categories=("Paid Partnership",))),
    # --- papers
    ("retractions", "a DOI in the note", retracted("10.1097/j.pain.0000000000001234", note("The trial: https://doi.org/10.1097/j.pain.0000000000001234."))),
    ("retractions", "a DOI with brackets", retracted("10.1016/s0140-6736(05)67728-9", blurb("The trial (10.1016/S0140-6736(05)67728-9) is still cited."))),
    ("retractions", "a PMID in a link", retracted("12345678", note("See [the trial](https://www.ncbi.nlm.nih.gov/pubmed/12345678)."))),
    ("retractions", "an article of a journal", retracted("10.1093/pm/pnz001", story(url="https://academic.oup.com/painmedicine/article/doi/10.1093/pm/pnz001/55"))),
    # --- the file itself
    ("build", "an article twice", twice),
    ("build", "no subject", subject("")),
    ("build", "no pick at all", whole(pieces=(), empty_sections=("news",))),
    ("build", "a look without a way to leave", template("parts/footer.mjml.j2", "{{ unsubscribe_url }}", "https://www.painmatters.org/")),
    ("build", "a look with a misspelt name", template("parts/masthead.mjml.j2", "{{ letter.name }}", "{{ letter.nam }}")),
)  # fmt: skip

WARNINGS: tuple[tuple[str, str, Change], ...] = (
    ("subject", "no preheader", whole(preheader="")),
    ("subject", "a preheader without end", whole(preheader="Also in this issue: what a first visit is like, " * 8)),
    ("subject", "a preheader in capitals", whole(preheader="READ WHAT HELPS STIFF KNEES")),
    ("old_article", "last reviewed in 2020", story(updated=None, published=date(2020, 2, 1))),
    ("headline_dose", "a medicine in the subject", subject("Gabapentin: what a new review found")),
    ("link_answers", "no answer in time", answered("https://www.painmatters.org/doctors/", Answer(0, "", trouble="timeout"))),
    ("link_answers", "moved for good", answered("https://988lifeline.org/", Answer(200, "https://988lifeline.org/home/", "text/html", moved=True))),
    ("images", "slow on a phone", picture(Answer(200, "", "image/jpeg", 520_000, 1600))),
    ("images", "a picture that did not come", picture(Answer(503, "", "text/html"))),
    ("mail_programs", "boxes side by side by flex", html("</body>", '<div style="display:flex"><p>a</p></div></body>')),
    ("mail_programs", "a film in the page", html("</body>", '<video src="https://www.painmatters.org/a.mp4"></video></body>')),
    ("mail_programs", "a form in the page", html("</body>", "<form><p>a</p></form></body>")),
    ("retractions", "an expression of concern", retracted("10.1093/pm/pnz002", blurb("The trial (doi:10.1093/pm/pnz002) found less pain."), "Expression of concern")),
)  # fmt: skip

NO_HELP: tuple[tuple[str, str], ...] = (
    ("ending one's life", "When pain makes people wish to end their life, and how to ask about it."),
    ("stopping at once", "Why stopping morphine cold turkey is dangerous."),
    ("too much", "How to see that somebody has overdosed, and what to do first."),
    ("killing oneself", "He talked of killing himself, and nobody asked about the pain."),
    ("coming off", "Getting off opioids: withdrawal symptoms day by day."),
)

GOOD: tuple[tuple[str, Change], ...] = tuple(
    (words, blurb(words)) for words in (
        "An epidural steroid injection places medicine near the irritated nerve. Relief can last from a week to a year, and not everybody is helped.",
        "Most people with sciatica are better within twelve weeks. Surgery is kept for those whose legs grow weak.",
        "There is at present no cure for CRPS, but early treatment gives the best chance of recovery.",
        "A nerve block is not a cure; it is a test and a window in which you can move.",
        "Researchers hope that gene therapy may one day cure some inherited pain disorders.",
        "Be wary of anyone who guarantees results or sells a miracle.",
        "The clinic cannot guarantee that a trial stimulator will help; about half go on to a permanent one.",
        "Complications are rare, yet no injection is without risk: bleeding, infection and headache are possible.",
        "Side effects were mild in most, and two people left the study because of them.",
        "Physical therapists at the university followed 412 adults for two years.",
        "Dr. Karen Whitfield, who treats people with trigeminal neuralgia in Leeds, explains what the scan shows.",
        "The nurse calls you on the day before; the number is on your letter.",
        "On November 20, 2026 the agency approved the device for adults; the decision is open for comment until January 4.",
        "The registry holds 1,204,331 operations since 2012.",
        "Mary Jane, pot, weed: what the many names for cannabis mean in a study.",
        "Anna's hummingbirds and a bench: why a garden helps on bad days.",
        "John Hopkins? Johns Hopkins: a guide to hospital names in the news.",
        "Lou Gehrig's disease and pain: what the new guideline says.",
        "Cortisone shots: three a year is what most doctors set as a limit.",
        "How long may I take ibuprofen? The leaflet says ten days, your doctor may say less.",
        "What is the right dose? Only your own doctor can say; why that is so.",
        "In the United States one in five adults lives with chronic pain, the CDC says.",
        "A history of pain relief, from willow bark to morphine to the first nerve blocks in 1884.",
        "The word “cure” comes from the Latin for care. That older meaning may serve us better.",
        "A drug for gout was withdrawn in Europe after the regulator saw heart trouble in a study.",
        "Reflex withdrawal: why your hand leaves the stove before you feel the heat.",
        "The evening is free. Doors open at 6:30 pm; the talk is also shown online.",
        "A forever home for the pain museum: it moves to Rochester in spring.",
        "Insurance must cover emergency care without prior approval, the court held.",
        "Does cracking your knuckles cause arthritis? Sixty years of one doctor's left hand say no.",
        "The secret of good posture is that there is none: change it often.",
        "Every bandage has a job. A short guide to knee sleeves, braces and tape.",
        "Why rest, the old advice, makes most back pain last longer.",
        "Talk to your pharmacist before you mix pain relievers, also those without a prescription.",
        "Pain after a stroke is often missed. What families can watch for.",
    )
) + tuple(
    (words, title(words)) for words in (
        "What to expect after a knee replacement: the first six weeks",
        "Is it safe to exercise with a herniated disc?",
        "Seven myths about arthritis",
        "When pain pills stop working",
        "A cure for hiccups? Not our field, but we asked",
        "Can physical therapy replace surgery for a torn meniscus?",
        "How doctors decide whether to operate",
        "Stem cell clinics promise cures; the evidence does not",
        "Why a normal MRI can come with real pain",
        "The trouble with 10-out-of-10: how we rate pain",
        "Living with one leg shorter: a podiatrist answers",
        "A day in the life of a pain psychologist",
        "New law limits surprise bills",
        "Medicare will pay for acupuncture: who, when, how often",
        "Heat wave: how to keep a stimulator and yourself cool",
    )
) + tuple(
    (words, note(words)) for words in (
        "Dear readers,\n\nwe had 300 letters about last week's piece on sleep. Thank you for them. We read every one, and cannot answer each.",
        "## This week\n\nThree stories, one guide.\n\n### And next week\n\nA visit to a pain clinic.",
        "Good morning,\n\n> Pain is what the patient says it is.\n\nMargo McCaffery wrote that in 1968. It still holds.",
        "Hello from Tucson. It rained, at last. I took my own stiff back for a walk and was glad of it.\n\n*Ana*",
        "A correction: last week we wrote that the trial had 70 people. It had 701. We are sorry.",
        "Write to us at [editors@painmatters.org](mailto:editors@painmatters.org), or call the clinic at 520-555-0100 on weekdays.",
        "1. Move a little\n2. Rest a little\n3. Ask early\n\nThat is all for today.",
        "We will be back on January 7. Until then, see [our winter guide](https://www.painmatters.org/winter/?utm_source=letter&utm_medium=email).",
    )
) + tuple(
    (words, subject(words)) for words in (
        "Knees, nerves and a new guideline",
        "5 questions for your next visit",
        "CRPS: what early care can do",
        "Why does my back hurt more at night?",
        "The FDA, a patch, and a walk ☀️",
        "What is an SI joint?",
    )
) + (
    ("a note that begins deep", note("#### The small print\n\nGood morning.")),
    ("a long text for a picture", story(image=f"{SITE}/wp-content/uploads/2026/11/spine.jpg", alt="A drawing of the lower spine with the sacroiliac joints marked in blue, seen from behind, with the pelvis in grey")),
    ("a picture with its size", story(image=f"{SITE}/wp-content/uploads/2026/11/spine-600x400.png?ssl=1", alt="A model of the spine on a doctor's desk")),
    ("a paid story that says so", story(url=f"{SITE}/sponsored/new-brace/", title="Sponsored: a new knee brace explained")),
    ("a paper that is in order", retracted("10.1000/other.1", blurb("The trial (doi:10.1093/pm/pnz002) found less pain."))),
    ("help is named in the note", lambda d: replace(note("When thoughts of suicide come, call or text 988, at any hour.")(d), settings=d.settings)),
    ("an article of the news of another site", story(url="https://www.nih.gov/news-events/news-releases/rain-and-joints")),
)  # fmt: skip
