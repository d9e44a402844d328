# ruff: noqa: E501 - a table reads best with one fault a line
"""Issues with one fault each. Written from the list of what must not go out, in as many wordings as came to mind,
before the checks were; what the checks missed at first was mended in them, not here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from clean_issues import SETTINGS, SITE, Draft, Piece, clean

from newsletter.checks import Answer, Past
from newsletter.render.templates import default_templates
from newsletter.types import Edition
from newsletter.urls import canonical_url


@dataclass(frozen=True)
class Broken:
    check: str
    """The name of the check that must find it."""
    fault: str
    draft: Draft
    mild: bool = False
    """A warning is what it must be."""


Change = Callable[[Draft], Draft]


# --- ways to break an issue --------------------------------------------------------------------------------


def title(text: str, **more: object) -> Change:
    return lambda draft: with_last(draft, title=text, **more)


def blurb(text: str, **more: object) -> Change:
    return lambda draft: with_last(draft, blurb=text, **more)


def story(**changes: object) -> Change:
    return lambda draft: with_last(draft, **changes)


def with_last(draft: Draft, **changes: object) -> Draft:
    """The last story of the issue, changed."""
    *others, last = draft.pieces
    return replace(draft, pieces=(*others, replace(last, **changes)))  # type: ignore[arg-type]


def whole(**changes: object) -> Change:
    return lambda draft: replace(draft, **changes)  # type: ignore[arg-type]


def settings(old: str, new: str) -> Change:
    assert old in SETTINGS, old
    return lambda draft: replace(draft, settings=SETTINGS.replace(old, new))


def colours(text: str) -> Change:
    return lambda draft: replace(draft, settings=f"{SETTINGS}\n{text}\n")


def html(old: str, new: str, count: int = -1) -> Change:
    """Change the rendered page of every variant; a text beginning with ~ is a pattern."""

    def edit(edition: Edition) -> Edition:
        if old.startswith("~"):
            page, hits = re.subn(old[1:], new, edition.html, count=max(count, 0), flags=re.S)
        else:
            page, hits = edition.html.replace(old, new, count), edition.html.count(old)
        assert hits or len(edition.topics.ids) < 2, old
        return replace(edition, html=page)

    return lambda draft: replace(draft, edit=edit)


def template(name: str, old: str, new: str) -> Change:
    """A look of the site's own: a shipped template with one place changed."""
    source = (default_templates() / name).read_text(encoding="utf-8")
    assert old in source, (name, old)
    return lambda draft: replace(draft, templates={**draft.templates, name: source.replace(old, new)})


def text(old: str, new: str, count: int = 0) -> Change:
    def edit(edition: Edition) -> Edition:
        page, hits = re.subn(old, new, edition.text, count=count, flags=re.S | re.M)
        assert hits or len(edition.topics.ids) < 2, old
        return replace(edition, text=page)

    return lambda draft: replace(draft, edit=edit)


def header(old: bytes, new: bytes) -> Change:
    def edit(message: bytes) -> bytes:
        return re.sub(old, new, message, count=1, flags=re.S | re.M)

    return lambda draft: replace(draft, mails=edit)


def answers(status: int, trouble: str = "", **more: object) -> Change:
    """Every address answers well but the last story's."""

    def change(draft: Draft) -> Draft:
        bad = draft.pieces[-1].address
        known = {piece.address: Answer(200, piece.address, "text/html") for piece in draft.pieces}
        return replace(
            draft, answers={**known, bad: Answer(status, bad, "text/html", trouble=trouble, **more)}
        )  # type: ignore[arg-type]

    return change


def picture(answer: Answer) -> Change:
    def change(draft: Draft) -> Draft:
        src = f"{SITE}/uploads/photo.jpg"
        draft = with_last(draft, image=src, alt="A path in the woods", video="")
        return replace(draft, answers={src: replace(answer, url=answer.url or src)})

    return change


def without(section: str) -> Change:
    """The section stands in the file, and no pick in it."""

    def change(draft: Draft) -> Draft:
        pieces = tuple(piece for piece in draft.pieces if piece.section != section)
        return replace(draft, pieces=pieces, empty_sections=(section,))

    return change


def before(slug: str = "2026-11-19") -> Change:
    return lambda draft: replace(draft, past=Past({canonical_url(draft.pieces[0].address): slug}, {}))


# --- the list --------------------------------------------------------------------------------------------

WHOLE: tuple[tuple[str, str, Change], ...] = (
    ("placeholders", "TODO in a note", whole(note="Dear reader,\n\nTODO: say something about the holidays.")),
    ("placeholders", "lorem ipsum", blurb("Lorem ipsum dolor sit amet, consectetur adipiscing elit.")),
    ("placeholders", "Jinja in a title", title("Hello {{ first_name }}, about your back")),
    ("placeholders", "a merge tag of Mailchimp", whole(note="Dear *|FNAME|*,\n\nwelcome.")),
    ("placeholders", "a variable of Mailgun", whole(note="Dear %recipient.name%,\n\nwelcome.")),
    ("placeholders", "square brackets to fill in", whole(subject="[Subject goes here]")),
    ("placeholders", "a title to come", title("Headline TK")),
    ("placeholders", "crosses", blurb("A study of XXX people found that walking helps.")),
    ("placeholders", "a placeholder's address", story(url="https://example.com/your-article-here/")),
    ("placeholders", "a name to insert", whole(note="Hello [first name],\n\nwelcome back.")),
    ("placeholders", "a template's default", whole(preheader="Preheader text goes here")),
    ("placeholders", "Jinja of the template in the page", html("Find a pain doctor", "{{ brand.call_to_action.label }}")),
    ("placeholders", "None in the page", html("~<h3([^>]*)>(<a[^>]*>)[^<]*", r"<h3\1>\2None", 1)),
    ("placeholders", "undefined in the text", blurb("By undefined: what a first visit is like.")),
    ("empty_parts", "a section without picks", without("news")),
    ("empty_parts", "a heading without a story", html("</body>", "<h2>News</h2><h2>More</h2><p>x</p></body>")),
    ("empty_parts", "a link without words", html("~(<h3[^>]*><a[^>]*>)[^<]*", r"\1", 1)),
    ("empty_parts", "a heading without words", html("~(<h2[^>]*>)[^<]+(</h2>)", r"\1\2", 1)),
    ("empty_parts", "a story that says nothing", html('~<p class="blurb"([^>]*)>[^<]*</p>', r'<p class="blurb"\1> </p>', 1)),
    ("required_parts", "no way to leave in the page", html("@@unsubscribe_url@@", "https://letter.painmatters.org/")),
    ("required_parts", "no way to leave in the text", text("@@unsubscribe_url@@", "see the website")),
    ("required_parts", "no preferences in the page", html("@@preferences_url@@", "https://letter.painmatters.org/")),
    ("required_parts", "no preferences in the text", text("@@preferences_url@@", "see the website")),
    ("required_parts", "no postal address in the page", html("400 Desert Road", "")),
    ("required_parts", "no postal address in the text", text("400 Desert Road, Tucson, AZ\\s+85701", "")),
    ("required_parts", "a disclaimer switched off", settings("[brand.call_to_action]", '[brand]\ndisclaimer = ""\n[brand.call_to_action]')),
    ("required_parts", "no disclaimer in the page", html("~<p[^>]*>[^<]*not medical advice[^<]*</p>", "")),
    ("required_parts", "no disclaimer in the text", text(r"This newsletter gives general.*?by e-mail\.", "")),
    ("required_parts", "a hidden way to leave", html('~(<a class="target" href="@@unsubscribe_url@@"[^>]*>.*?</a>)', r'<span style="display:none">\1</span>')),
    ("headers", "no List-Unsubscribe", header(rb"^List-Unsubscribe: [^\r]*\r\n", b"")),
    ("headers", "no one-click", header(rb"^List-Unsubscribe-Post: [^\r]*\r\n", b"")),
    ("headers", "no List-Id", header(rb"^List-Id: [^\r]*\r\n", b"")),
    ("headers", "no Date", header(rb"^Date: [^\r]*\r\n", b"")),
    ("headers", "no Message-ID", header(rb"^Message-ID: [^\r]*\r\n", b"")),
    ("headers", "two subjects", header(rb"^Subject: ", b"Subject: One\r\nSubject: ")),
    ("headers", "leaving by plain http", settings('public_url = "https://letter', 'public_url = "http://letter')),
    ("headers", "the text after the page", header(rb"Content-Type: text/plain", b"Content-Type: text/html")),
    ("text_part", "a link only in the page", html("</body>", f'<p><a href="{SITE}/extra/">One more article</a></p></body>')),
    ("text_part", "a link less in the page", html("~<h3[^>]*><a[^>]*>([^<]*)</a></h3>", r"<h3>\1</h3>", 1)),
    ("text_part", "another order", text(r"^(https://\S+)$(.*?)^(https://\S+)$", r"\3\2\1", 1)),
    ("text_part", "a link cut off", text(r"^(https://www\.painmatters\.org/doctors)/$", r"\1")),
    ("text_part", "no text part", text(r"^(?!.*@@).*$", "")),
    ("mjml", "an unknown tag", whole(templates={"parts/masthead.mjml.j2": "<mj-sektion><mj-column><mj-text><h1>{{ letter.name }}</h1></mj-text></mj-column></mj-sektion>"})),
    ("mjml", "an unknown attribute", whole(templates={"parts/masthead.mjml.j2": '<mj-section pading="8px"><mj-column><mj-text><h1>{{ letter.name }}</h1></mj-text></mj-column></mj-section>'})),
    ("mjml", "a bare zero", whole(templates={"parts/masthead.mjml.j2": '<mj-section padding="0 24px"><mj-column><mj-text><h1>{{ letter.name }}</h1></mj-text></mj-column></mj-section>'})),
    ("mjml", "wrong nesting", whole(templates={"parts/masthead.mjml.j2": "<mj-section><mj-text><h1>{{ letter.name }}</h1></mj-text></mj-section>"})),
    ("html_balance", "a cell never closed", html("</td>", "", 1)),
    ("html_balance", "a row of Outlook's never closed", html("~</tr></table><!\\[endif\\]-->", "</table><![endif]-->", 1)),
    ("html_balance", "a table closed twice", html("</table>", "</table></table>", 1)),
    ("html_balance", "a div too many", html("</body>", "<div></body>")),
    ("html_balance", "a conditional comment never closed", html("<![endif]-->", "", 1)),
)  # fmt: skip

LINKS: tuple[tuple[str, str, Change], ...] = (
    ("link_form", "plain http", story(url="http://www.painmatters.org/news/plain/")),
    ("link_form", "plain http in the note", whole(note="See [our page](http://www.painmatters.org/x/).")),
    ("link_form", "javascript", html("~<a href=\"https://www.painmatters.org/doctors/\"", '<a href="javascript:alert(1)"', 1)),
    ("link_form", "data", html("~<a href=\"https://www.painmatters.org/doctors/\"", '<a href="data:text/html,hello"', 1)),
    ("link_form", "a path alone", html("~<a href=\"https://www.painmatters.org/doctors/\"", '<a href="/doctors/"', 1)),
    ("link_form", "an empty address", html("~<a href=\"https://www.painmatters.org/doctors/\"", '<a href=""', 1)),
    ("link_form", "a bare hash", html("~<a href=\"https://www.painmatters.org/doctors/\"", '<a href="#"', 1)),
    ("link_form", "an anchor that is not there", html("~<a href=\"https://www.painmatters.org/doctors/\"", '<a href="#contents"', 1)),
    ("link_form", "a machine of our own", story(url="https://localhost:8000/news/x/")),
    ("link_form", "a private network", story(url="https://192.168.0.12/news/x/")),
    ("link_form", "a draft's address", story(url=f"{SITE}/?p=1234&preview=true")),
    ("link_form", "WordPress's back room", story(url=f"{SITE}/wp-admin/post.php?post=12&action=edit")),
    ("link_form", "a name in the address", html("~<a href=\"https://www.painmatters.org/doctors/\"", '<a href="https://bank.example@evil.test/"', 1)),
    ("link_answers", "not found", answers(404)),
    ("link_answers", "gone", answers(410)),
    ("link_answers", "no such host", answers(0, "no such host")),
    ("link_answers", "a certificate that does not hold", answers(0, "certificate")),
    ("link_answers", "a redirect without an end", answers(0, "too many redirects")),
    ("link_tracking", "bit.ly", story(url="https://bit.ly/3abcDEF")),
    ("link_tracking", "t.co", story(url="https://t.co/abc123")),
    ("link_tracking", "tinyurl in the note", whole(note="See [this](https://tinyurl.com/abc).")),
    ("link_tracking", "Mailchimp's reader", story(url=f"{SITE}/news/x/?mc_eid=8f2c1a")),
    ("link_tracking", "an address of e-mail in a link", story(url=f"{SITE}/news/x/?email=reader%40example.org")),
    ("link_tracking", "a reader's number", story(url=f"{SITE}/news/x/?subscriber_id=123")),
    ("link_tracking", "HubSpot's reader", story(url=f"{SITE}/news/x/?_hsenc=p2ANqtz-8")),
    ("link_tracking", "a click counter", story(url="https://click.mailservice.com/track/click/30/abc?u=9")),
    ("link_tracking", "a pixel", html("</body>", '<img src="https://www.painmatters.org/open.gif" width="1" height="1" alt=""></body>')),
    ("images", "no alternative text", html("</body>", f'<img src="{SITE}/a.jpg" width="100"></body>')),
    ("images", "a file's name for a text", story(image=f"{SITE}/a.jpg", alt="IMG_2041.jpg")),
    ("images", "WebP", story(image=f"{SITE}/a.webp", alt="A path")),
    ("images", "SVG", story(image=f"{SITE}/a.svg", alt="A path")),
    ("images", "a picture inside the mail", html("</body>", '<img src="data:image/png;base64,iVBORw0KGgo=" alt="" width="9"></body>')),
    ("images", "plain http", story(image="http://www.painmatters.org/a.jpg", alt="A path")),
    ("images", "not found", picture(Answer(404, "", "text/html"))),
    ("images", "a web page", picture(Answer(200, "", "text/html", 4000))),
    ("images", "WebP under another name", picture(Answer(200, "", "image/webp", 4000, 1200))),
    ("images", "too heavy", picture(Answer(200, "", "image/jpeg", 4_800_000, 4000))),
    ("images", "an empty address", html("</body>", '<img src="" alt="" width="9"></body>')),
)  # fmt: skip

INBOXES: tuple[tuple[str, str, Change], ...] = (
    ("size", "a page of 130 kB", html("</body>", "<p>" + "Pain and sleep. " * 7000 + "</p></body>")),
    ("size", "just over the limit in non-ASCII", html("</body>", "<p>" + "é" * 45_000 + "</p></body>")),
    ("subject", "shouting", whole(subject="READ THIS NOW ABOUT YOUR BACK PAIN")),
    ("subject", "half of it shouted", whole(subject="STOP BACK PAIN TODAY with these tips")),
    ("subject", "a false reply", whole(subject="Re: your appointment")),
    ("subject", "a false forward", whole(subject="Fwd: about your knee")),
    ("subject", "exclamations", whole(subject="Back pain news!!!")),
    ("subject", "false hurry", whole(subject="Act now: last chance for a better back")),
    ("subject", "far too long", whole(subject="What we learned this week about the many causes of back pain, about sleep, about walking and about a new guideline that puts movement first and scans last")),
    ("repeated_subject", "the same", whole(subject="Pain and the weather", past=Past({}, {"Pain and the weather": "2026-10-01"}))),
    ("repeated_subject", "the same but for case and points", whole(subject="Pain & the weather!", past=Past({}, {"pain &  the Weather": "2026-10-01"}))),
    ("page_title", "another title", html("~<title>[^<]*</title>", "<title>Newsletter</title>")),
    ("page_title", "no title", html("~<title>[^<]*</title>", "")),
    ("spam", "many points", whole(spam=(6.2, ("URI_PHISH", "HTML_FONT_LOW_CONTRAST")))),
)  # fmt: skip

ACCESS: tuple[tuple[str, str, Change], ...] = (
    ("language", "no language", html(' lang="en"', "")),
    ("language", "another language than the settings'", html('<html lang="en"', '<html lang="de"')),
    ("headings", "no h1", html("~<h1([^>]*)>(.*?)</h1>", r"<p\1>\2</p>")),
    ("headings", "two h1", html("</body>", "<h1>Again</h1></body>")),
    ("headings", "a level left out", html("</body>", "<h2>More</h2><h4>Deep</h4></body>")),
    ("contrast", "grey on white", colours('[brand.colours]\nmuted = "#9a9a9a"')),
    ("contrast", "a light accent", colours('[brand.colours]\naccent = "#4fc3c7"')),
    ("contrast", "pale text", colours('[brand.colours]\ntext = "#b8b8b8"')),
    ("contrast", "a button nobody can read", colours('[brand.colours]\non_accent = "#5a8f92"')),
    ("contrast", "dark links on a dark ground", colours('[brand.dark]\naccent = "#1d4f66"')),
    ("contrast", "dark text on a dark ground", colours('[brand.dark]\ntext = "#555555"')),
    ("contrast", "a quiet line in the dark", colours('[brand.dark]\nmuted = "#5b6569"')),
    ("contrast", "an inline colour", html("</body>", '<p style="color:#cccccc;background-color:#ffffff">Pale words</p></body>')),
    ("link_texts", "click here", whole(note="For our guide [click here](https://www.painmatters.org/guide/).")),
    ("link_texts", "here", whole(note="Our guide is [here](https://www.painmatters.org/guide/).")),
    ("link_texts", "more", whole(note="Winter is hard. [More](https://www.painmatters.org/guide/)")),
    ("link_texts", "an address as words", whole(note="See [https://www.painmatters.org/guide/winter/2026](https://www.painmatters.org/guide/winter/2026).")),
    ("link_texts", "a title only", title("Learn more")),
    ("text_size", "small print", html("</body>", '<p style="font-size:9px">The small print of this letter.</p></body>')),
    ("text_size", "small in points", html("</body>", '<p style="font-size:8pt">The small print of this letter.</p></body>')),
    ("tables", "a layout table without a role", html(' role="presentation"', "", 1)),
)  # fmt: skip

EDITORIAL: tuple[tuple[str, str, Change], ...] = (
    ("already_sent", "last week's lead", before()),
    ("already_sent", "an article of long ago", before("2025-02-06")),
    ("claims", "a cure", title("A cure for fibromyalgia is here")),
    ("claims", "cures", blurb("This herb cures back pain in a week.")),
    ("claims", "cured", title("How turmeric cured her arthritis")),
    ("claims", "guaranteed", blurb("Relief is guaranteed with this new brace.")),
    ("claims", "we guarantee", whole(note="We guarantee that you will sleep better.")),
    ("claims", "a miracle", title("The miracle drink for joints")),
    ("claims", "miraculous", blurb("A miraculous recovery awaits everyone who tries it.")),
    ("claims", "risk-free", title("Try this risk-free treatment for your knees")),
    ("claims", "risk free in two words", blurb("The injection is completely risk free.")),
    ("claims", "no side effects", blurb("It works for days and has no side effects.")),
    ("claims", "without side effects", title("A pill that works without side effects")),
    ("claims", "doctors hate", whole(subject="Doctors hate this back pain trick")),
    ("claims", "what doctors hide", title("What your doctor won't tell you about statins")),
    ("claims", "one weird trick", whole(preheader="One weird trick for your sciatica")),
    ("claims", "a hundred percent", blurb("The method is 100% effective against migraine.")),
    ("claims", "for ever", title("Get rid of back pain forever")),
    ("claims", "permanently", blurb("One session permanently ends nerve pain.")),
    ("claims", "instant", title("Instant pain relief with one touch")),
    ("claims", "overnight", title("Sciatica gone overnight")),
    ("claims", "works for everyone", blurb("A stretch that works for everyone.")),
    ("claims", "completely safe", blurb("The new opioid is completely safe.")),
    ("claims", "reverses", title("This diet reverses arthritis")),
    ("claims", "a secret", title("The secret remedy Big Pharma doesn't want you to know")),
    ("headline_dose", "milligrams", title("Why 30 mg of duloxetine may not be enough")),
    ("headline_dose", "micrograms", title("Fentanyl patches: 25 mcg or 50?")),
    ("headline_dose", "milligrams in the subject", whole(subject="Is 300mg of gabapentin right for you?")),
    ("headline_dose", "tablets a day", title("Take two tablets a day against migraine")),
    ("headline_dose", "every hours", title("Ibuprofen every six hours works best")),
    ("headline_dose", "millilitres", title("Drink 20 ml of this syrup for better sleep")),
    ("headline_dose", "grams in the preheader", whole(preheader="Also: 4 grams of paracetamol a day")),
    ("personal_data", "a patient's comment", blurb("I have had CRPS for twelve years and my doctor put me on methadone. Thank you for this article!")),
    ("personal_data", "a comment's head", blurb("Gloria P. says: March 3, 2018 at 4:12 pm Great post.")),
    ("personal_data", "a question to the doctor", blurb("Hi Dr. Hale, I was diagnosed with stenosis and I take oxycodone three times a day. What can I do?")),
    ("personal_data", "a husband's illness", blurb("My husband suffers from neuropathy and he can't sleep. Does anyone else have this?")),
    ("personal_data", "a name with a diagnosis", blurb("Maria Lopez, 54, was diagnosed with fibromyalgia after years of pain.")),
    ("personal_data", "a first name with a drug", blurb("Kevin takes 40 mg of oxycodone and still cannot work.")),
    ("personal_data", "a name with an initial", blurb("Linda K. lives with CRPS since a fall at work.")),
    ("personal_data", "a signature", blurb("It changed my life, I can walk again. - Robert T., Ohio")),
    ("personal_data", "an e-mail address", blurb("Write to jane.doe1962@gmail.com for the list of exercises.")),
    ("personal_data", "a phone number", blurb("Call me at (602) 555-0142 if you want to talk.")),
    ("personal_data", "a number with dots", blurb("For a place in the group: 602.555.0187, ask for the nurse.")),
    ("personal_data", "an international number", blurb("Reach the group at +44 7700 900123.")),
    ("personal_data", "theme's furniture", blurb("18 Comments | Share on Facebook | Leave a reply")),
    ("sponsored", "a section of the site", story(url=f"{SITE}/sponsored/new-brace/")),
    ("sponsored", "a category", story(categories=("Sponsored",))),
    ("sponsored", "partner content", story(categories=("Partner Content", "Back Pain"))),
    ("sponsored", "an affiliate's tag", story(url="https://www.amazon.com/dp/B000123?tag=painmatters-20")),
    ("sponsored", "an affiliate's network", story(url="https://www.shareasale.com/r.cfm?b=1&u=2&m=3")),
    ("sponsored", "an affiliate's parameter", story(url="https://shop.bracestore.com/knee?aff_id=77")),
    ("sponsored", "in the note", whole(note="We like [this pillow](https://www.amazon.com/dp/B000777?tag=pm-20).")),
    ("retractions", "a DOI in a blurb", lambda d: replace(with_last(d, blurb="A trial (doi:10.1234/abc.55) found less pain."), retracted={"10.1234/abc.55": "Retraction"})),
    ("retractions", "a DOI's address", lambda d: replace(with_last(d, url="https://doi.org/10.1234/ABC.56"), retracted={"10.1234/abc.56": "Retraction"})),
    ("retractions", "a PMID", lambda d: replace(with_last(d, blurb="See PMID: 31234567 for the trial."), retracted={"31234567": "Retraction"})),
    ("retractions", "PubMed's address in the note", whole(note="See [the trial](https://pubmed.ncbi.nlm.nih.gov/31234568/).", retracted={"31234568": "Retraction"})),
)  # fmt: skip

SECOND: tuple[tuple[str, str, str], ...] = (
    ("claims", "title", "Finally, a fibromyalgia cure"),
    ("claims", "title", "Say goodbye to knee pain forever"),
    ("claims", "title", "The only supplement guaranteed to stop migraine"),
    ("claims", "title", "Miracle plant ends nerve pain"),
    ("claims", "title", "Zero-risk surgery for your spine"),
    ("claims", "title", "This injection has absolutely no risks"),
    ("claims", "title", "Five foods that heal arthritis"),
    ("claims", "title", "Doctors are stunned by this simple stretch"),
    ("claims", "title", "A proven cure for tinnitus and neck pain"),
    ("claims", "title", "Why cardiologists hate this fruit"),
    ("claims", "title", "Your sciatica will be gone in 3 days"),
    ("claims", "title", "Pain-free in 24 hours"),
    ("claims", "title", "Stem cells regrow cartilage in every patient"),
    ("claims", "title", "Never suffer from migraine again"),
    ("claims", "title", "The breakthrough Big Pharma is hiding"),
    ("claims", "title", "Clinically proven to work for everybody"),
    ("claims", "title", "Money-back guarantee on our pain program"),
    ("claims", "title", "All-natural and 100% safe"),
    ("headline_dose", "title", "Tramadol 50mg for dogs and people"),
    ("headline_dose", "title", "Is 10 milligrams of melatonin too much?"),
    ("headline_dose", "title", "Start with 0.5 mg, then go up"),
    ("headline_dose", "title", "Three capsules a day keep gout away"),
    ("headline_dose", "title", "Use 5mL of the syrup"),
    ("headline_dose", "title", "Take one pill every morning"),
    ("personal_data", "blurb", "I'm 62 and I've suffered from sciatica since my surgery. Nothing works."),
    ("personal_data", "blurb", "My wife was prescribed fentanyl and it made her so sick."),
    ("personal_data", "blurb", "Thank you Dr. Kim, your blog helped me understand my stenosis."),
    ("personal_data", "blurb", "Patricia, 47, from Ohio, has endured migraine since childhood."),
    ("personal_data", "blurb", "John Miller takes oxycodone for his back."),
    ("personal_data", "blurb", "For a copy mail to info.pain@yahoo.com"),
    ("personal_data", "blurb", "Contact Sue at 480-555-0199."),
    ("personal_data", "blurb", "Anonymous wrote: I was on morphine for ten years"),
    ("personal_data", "blurb", "Reply from Carol W.: I have the same pain in my hip"),
    ("personal_data", "blurb", "Betty's fibromyalgia began after a car crash."),
    ("personal_data", "blurb", "Posted by Jim on May 4, 2016 | 3 comments"),
    ("personal_data", "blurb", "I had the injection last week and the pain is worse now."),
    ("sponsored", "url", "https://www.painmatters.org/partner-content/brace/"),
    ("sponsored", "url", "https://go.skimresources.com/?id=1"),
    ("sponsored", "url", "https://shop.org/x?affiliate=12"),
    ("sponsored", "url", "https://www.amazon.co.uk/dp/B0?tag=pm-21"),
    ("placeholders", "blurb", "[Insert excerpt]"),
    ("placeholders", "blurb", "{first_name}, this is for you"),
    ("placeholders", "blurb", "Blurb goes here"),
    ("placeholders", "blurb", "TBD"),
    ("placeholders", "blurb", "XXXX"),
    ("link_tracking", "url", "https://buff.ly/2abc"),
    ("link_tracking", "url", "https://www.painmatters.org/x/?utm_source=a&email=a@b.org"),
    ("link_tracking", "url", "https://lnkd.in/abc"),
    ("link_tracking", "url", "https://mailchi.mp/track/click?u=1&id=2"),
)
"""A second round: check, field, words. Written when the checks were done and read once by them: 0.71 of it was found.
They were widened afterwards."""

NO_HELP: tuple[tuple[str, str], ...] = (
    ("suicide", "Pain and the risk of suicide: what families can watch for."),
    ("suicidal", "Chronic migraine can bring suicidal thoughts."),
    ("withdrawal", "Stopping opioids at once brings withdrawal within a day."),
    ("tapering", "What tapering off benzodiazepines feels like, week by week."),
    ("overdose", "How an overdose looks, and why naloxone belongs in the house."),
    ("self-harm", "Self-harm among young people with pain is more common than thought."),
)

MILD: tuple[tuple[str, str, Change], ...] = (
    ("size", "near the limit", settings("[brand.call_to_action]", "[checks]\nsize_warning_kb = 20\n[brand.call_to_action]")),
    ("old_article", "of 2017, never reviewed", story(published=date(2017, 3, 1), updated=None)),
    ("headline_dose", "a drug's name", title("Oxycodone after knee surgery: what to ask")),
    ("headline_dose", "a drug's brand name", title("Lyrica and driving")),
    ("subject", "long", whole(subject="What we know about the many causes of back pain, and what you can do about it now")),
    ("subject", "a preheader that says the same", whole(subject="Pain and sleep", preheader="Pain and sleep")),
    ("link_answers", "forbidden to programs", answers(403)),
    ("link_answers", "a server's trouble", answers(503)),
    ("link_answers", "moved for good", answers(200, moved=True)),
    ("images", "too narrow for its place", picture(Answer(200, "", "image/jpeg", 9000, 90))),
    ("spam", "some points", whole(spam=(3.1, ("HTML_IMAGE_RATIO_02",)))),
    ("reading_grade", "hard words", whole(note="The pathophysiological characterization of neuroinflammatory sensitization necessitates multidisciplinary interventional considerations, notwithstanding epidemiological heterogeneity and pharmacogenomic individualization. " * 6)),
    ("mail_programs", "CSS that Outlook does not know", html("</body>", '<p style="display:grid">Cells</p></body>')),
)  # fmt: skip


def broken() -> Iterator[Broken]:
    """Every broken issue, each made from another clean one."""
    bases = [draft for draft in clean(60, seed=11) if draft.note or draft.preheader]
    everything = (*WHOLE, *LINKS, *INBOXES, *ACCESS, *EDITORIAL)
    for number, (check, fault, change) in enumerate(everything):
        yield Broken(check, fault, change(plain(bases[number % len(bases)])))
    for number, (check, field, words) in enumerate(SECOND):
        yield Broken(check, words, with_last(plain(bases[number % len(bases)]), **{field: words}))
    for number, (fault, words) in enumerate(NO_HELP):
        base = with_last(plain(bases[number]), blurb=words)
        settings = re.sub(r"\[\[brand\.resources\]\]\n(?:\w+ = .*\n)+", "", base.settings)
        yield Broken("crisis_help", fault, replace(base, settings=settings))


def mild() -> Iterator[Broken]:
    """Issues of which something must be said, as a warning."""
    bases = list(clean(20, seed=12))
    for number, (check, fault, change) in enumerate(MILD):
        yield Broken(check, fault, change(plain(bases[number])), mild=True)


def plain(draft: Draft) -> Draft:
    """With three sections at least, so that every fault has its place, and nothing that hides another."""
    last = Piece(
        "treatments", "A first visit to a pain clinic", "What to bring, what is asked, and how long it takes."
    )
    kept = tuple(one for one in draft.pieces if "aper" not in one.title and one.section != "treatments")
    fill = Piece(
        "conditions", "Pain after shingles", "Why it stays for some, and what can be done in the first days."
    )
    return replace(
        draft,
        pieces=(fill, *kept, last),
        note="Dear reader,\n\nsmall steps add up.",
        subject="Small steps for hard mornings",
    )
