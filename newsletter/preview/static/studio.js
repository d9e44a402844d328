// Takes over what the server says without losing the reader's place: after a save, and when a view is chosen.
"use strict";

const at = (id) => document.getElementById(id);
let asked = 0;
let turning = Promise.resolve(); // keys pressed quickly are taken one after the other

async function show(url) {
  const mine = ++asked;
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(answer.statusText);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (mine !== asked) return; // something newer is on its way
  history.replaceState(null, "", url);
  document.title = page.title;
  document.body.dataset.version = page.body.dataset.version;
  const place = at("side").scrollTop;
  const focused = document.activeElement?.getAttribute("href") ? document.activeElement.textContent : null;
  page.getElementById("live").replaceWith(at("live").cloneNode(true));
  for (const id of ["side", "bar", "trouble"]) at(id).replaceWith(page.getElementById(id));
  at("side").scrollTop = place;
  if (focused) [...document.querySelectorAll("#side a, #bar a")].find((a) => a.textContent === focused)?.focus();
  stage(page.getElementById("stage"));
}

function stage(next) {
  const panes = (node) => [...node.querySelectorAll("[data-pane]")];
  const names = (node) => panes(node).map((pane) => pane.dataset.pane).join();
  if (names(next) !== names(at("stage"))) return at("stage").replaceWith(next);
  at("stage").className = next.className;
  panes(at("stage")).forEach((pane, n) => swap(pane, panes(next)[n].querySelector("iframe")));
}

// The new frame loads behind the old one and takes its place, and its scroll, when it is whole: nothing flickers.
function swap(pane, coming) {
  const screen = pane.querySelector(".screen");
  const shown = screen.querySelector("iframe:not(.coming)");
  screen.querySelectorAll("iframe.coming").forEach((late) => late.remove());
  if (shown.getAttribute("src") === coming.getAttribute("src")) return;
  coming.classList.add("coming");
  coming.addEventListener("load", () => {
    coming.contentWindow.scrollTo({ top: shown.contentWindow.scrollY, behavior: "instant" });
    coming.classList.remove("coming");
    shown.remove();
  }, { once: true });
  screen.append(coming);
}

function step(kind, by) {
  const links = [...document.querySelectorAll(`[data-go=${kind}]`)];
  const here = links.findIndex((link) => link.hasAttribute("aria-current"));
  return links.length && show(links.at((here + by) % links.length).href);
}

const keys = {
  ArrowRight: ["view", 1], n: ["view", 1], ArrowLeft: ["view", -1], p: ["view", -1],
  ArrowDown: ["variant", 1], ArrowUp: ["variant", -1],
};

document.addEventListener("keydown", (event) => {
  if (!(event.key in keys) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  turning = turning.then(() => step(...keys[event.key])).catch(() => {});
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("#side a, #bar a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  show(link.href);
});

const events = new EventSource("events");
events.onmessage = (message) => {
  if (String(JSON.parse(message.data).version) !== document.body.dataset.version) show(location.href);
};
events.onopen = () => tell("", "Shows every save");
events.onerror = () => tell("gone", "The preview has stopped");

function tell(state, words) {
  at("live").className = state;
  at("live").querySelector(".words").textContent = words;
}
