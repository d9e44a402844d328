"""A realistic issue of twelve stories, in our own words, for tests and benchmarks of what readers see."""

from __future__ import annotations

from datetime import date

from newsletter.config import Config, parse_config
from newsletter.types import Image, Layout, Story, Video

SETTINGS = """
[newsletter]
name = "The Pain Letter"
tagline = "Weekly updates on conditions, treatments, and news from inside pain medicine."
from = "The Pain Letter <letter@pain.example>"
site_url = "https://pain.example"
public_url = "https://letter.pain.example"
postal_address = "Desert Pain Clinic, 100 Example Road, Phoenix, AZ 85001"

[[section]]
id = "conditions"
title = "Conditions"
intro = "What hurts, why, and what is known about it."

[[section]]
id = "treatments"
title = "Treatments"
intro = "What is done about it, and what to expect."

[[section]]
id = "news"
title = "News"
intro = "Research, guidelines, approvals and law."

[brand]
call_to_action = { label = "Find a pain doctor near you", url = "https://pain.example/doctors/" }
resources = [
  { label = "Suicide & Crisis Lifeline", url = "https://988lifeline.example/", text = "Call 988, any time." },
  { label = "Find a support group", url = "https://pain.example/groups/", text = "In person and online." },
]
social = [{ label = "Our video channel", url = "https://video.example/pain" }]
"""

PICTURES = "https://pain.example/pictures"
"""Where the sample's pictures are; tests that look at pages put their own server in its place."""


def sample_config(extra: str = "") -> Config:
    return parse_config(SETTINGS + extra)


def sample_layout(pictures: str = PICTURES) -> Layout:
    """Twelve stories in three sections, of every shape: picture, video, neither, long and short."""

    def story(
        section: str, slug: str, title: str, blurb: str, alt: str | None = None, video: bool = False
    ) -> Story:
        return Story(
            title=title,
            url=f"https://pain.example/{section}/{slug}/",
            blurb=blurb,
            image=Image(f"{pictures}/{slug}.jpg", alt) if alt is not None else None,
            video=Video(f"https://video.example/watch?v={slug}&t=0", f"{pictures}/{slug}-still.jpg")
            if video
            else None,
            author="Dr. Ana Ruiz",
            published=date(2026, 11, 20),
            section=section,
        )

    return Layout(
        slug="2026-11-26",
        subject="What an epidural injection can and cannot do for sciatica",
        preheader="Also: why weather hurts, a new CRPS guideline, and pacing for the holidays.",
        date=date(2026, 11, 26),
        note=NOTE,
        lead=story(
            "treatments",
            "epidural-injections",
            "What an epidural injection can and cannot do for sciatica",
            "Steroid placed next to an irritated nerve root calms it for weeks or months. Who is "
            "helped most, how the "
            "day goes, and the questions to ask before you say yes.",
            "A doctor points at the lower spine of a model",
        ),
        sections=(
            (
                "conditions",
                (
                    story(
                        "conditions",
                        "weather",
                        "Why joints ache before the weather turns",
                        "Falling air pressure lets swollen tissue expand a little. It does no "
                        "damage, and there are "
                        "ways to be ready for it.",
                        "Rain on a window",
                    ),
                    story(
                        "conditions",
                        "trigeminal-neuralgia",
                        "Trigeminal neuralgia: when a breeze on the cheek is unbearable",
                        "Short electric attacks in the face, often mistaken for toothache. How it is "
                        "told apart.",
                        video=True,
                    ),
                    story(
                        "conditions",
                        "fibromyalgia",
                        "Fibromyalgia is not “all in your head”",
                        "The nervous system turns its volume up. What that means for sleep, mood and "
                        "movement.",
                    ),
                    story(
                        "conditions",
                        "neuropathy",
                        "Burning feet at night: the many causes of neuropathy",
                        "Diabetes is the best known, not the only one. Which blood tests make sense first.",
                        "",
                    ),
                ),
            ),
            (
                "treatments",
                (
                    story(
                        "treatments",
                        "radiofrequency",
                        "Radiofrequency ablation, step by step",
                        "A warm needle tip quiets the small nerves of a worn joint for nine months or more.",
                        "",
                        video=True,
                    ),
                    story(
                        "treatments",
                        "pacing",
                        "Pacing: doing less on good days to have more of them",
                        "A plan for the holidays that counts energy like money.",
                        "Two people on a bench in a park",
                    ),
                    story(
                        "treatments",
                        "tens",
                        "Does a TENS unit help?",
                        "It is cheap and safe; some find it loosens a bad hour. What the trials say, "
                        "fairly read.",
                    ),
                ),
            ),
            (
                "news",
                (
                    story(
                        "news",
                        "crps-guideline",
                        "New guideline asks for earlier movement in CRPS",
                        "An international group reviewed 212 studies and puts gentle use of the limb first.",
                        "Hands squeezing a soft ball",
                    ),
                    story(
                        "news",
                        "stimulator-recall",
                        "Maker recalls one charger of a spinal cord stimulator",
                        "The implant itself is not affected. How to read the number on the back of yours.",
                    ),
                    story(
                        "news",
                        "migraine-approval",
                        "Regulator approves a nasal spray against migraine",
                        "Relief began within an hour for about one in five in the study. Who should "
                        "not use it.",
                    ),
                    story(
                        "news",
                        "telehealth",
                        "Telehealth visits stay covered for another year",
                        "What changes in January, and what to ask your insurer before the holidays.",
                    ),
                ),
            ),
        ),
    )


NOTE = """\
Dear reader,

The days get shorter, and many of you wrote that mornings are the hard part. This week's issue is about
**small things done early**: a warm shower before stretching, and a plan for
[family days](https://pain.example/family/).

Be gentle with yourself,\\
*Ana*
"""
