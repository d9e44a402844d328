// Takes over what the server says without losing the reader's place: after a save, and when something is chosen or sent.
"use strict";

const PARTS = ["head", "variants", "checks", "changes", "tried", "bar", "banner"];
const PATIENCE = 250; // milliseconds that pictures may hold up the mail they are in
const at = (id) => document.getElementById(id);
let asked = 0;
let wanted = location.href; // where the editor is going: what the server tells meanwhile is shown there
let turning = Promise.resolve(); // keys pressed quickly, and what is told meanwhile, are taken one after the other

async function show(url, sent) {
  const mine = ++asked;
  if (!sent) wanted = url;
  const answer = await fetch(url, sent);
  if (!answer.ok) throw new Error(answer.statusText);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (mine !== asked) return; // something newer is on its way
  history.replaceState(null, "", answer.url);
  take(page);
}

function take(page) {
  const layout = (node) => PARTS.map((id) => Boolean(node.getElementById(id))).join();
  if (layout(page) !== layout(document)) return location.reload(); // the first issue that could be built
  document.title = page.title;
  Object.assign(document.body.dataset, page.body.dataset);
  const focused = remember(document.activeElement);
  page.getElementById("live").replaceWith(at("live").cloneNode(true));
  page.querySelectorAll("details[data-keep]").forEach((one) => {
    one.open = document.querySelector(`[data-keep=${one.dataset.keep}]`)?.open ?? one.open;
  });
  for (const id of PARTS) if (at(id).outerHTML !== page.getElementById(id).outerHTML) at(id).replaceWith(page.getElementById(id));
  document.querySelectorAll("#test [type=hidden]").forEach((one) => {
    one.value = page.querySelector(`#test [name=${one.name}]`).value;
  });
  at("keys").querySelector("[role=switch]").replaceWith(page.querySelector("#keys [role=switch]"));
  find(focused)?.focus();
  stage(page.getElementById("stage"));
}

// What has the keyboard's focus, by what it says: the element itself may be another by then.
function remember(one) {
  return one?.closest("#side, #bar, #banner") && one.matches("a, button, summary") ? one.textContent.trim() : "";
}

function find(words) {
  if (!words || document.activeElement !== document.body) return null;
  return [...document.querySelectorAll("a, button, summary")].find((one) => one.textContent.trim() === words);
}

// --- the frames ---

const panes = (node) => [...node.querySelectorAll("[data-pane]")];

function stage(next) {
  const names = (node) => node.className.split(" ")[0] + panes(node).map((pane) => pane.dataset.pane).join();
  if (names(next) !== names(at("stage")) || !panes(next).length) {
    at("stage").replaceWith(next);
    return next.querySelectorAll("iframe").forEach(listen);
  }
  at("stage").className = next.className;
  panes(at("stage")).forEach((pane, n) => swap(pane, panes(next)[n].querySelector("iframe").getAttribute("src")));
}

// The new frame loads behind the old one and takes its place, and its scroll, when it is there: nothing flickers.
function swap(pane, address) {
  const src = plain(address);
  const screen = pane.querySelector(".screen");
  const shown = screen.querySelector("iframe:not(.coming)");
  const late = screen.querySelector("iframe.coming");
  if (plain((late ?? shown).getAttribute("src")) === src) return;
  late?.remove();
  if (plain(shown.getAttribute("src")) === src) return;
  const coming = shown.cloneNode();
  coming.classList.add("coming");
  coming.src = src;
  screen.append(coming);
  const land = finding(src) && finding(src) !== finding(shown.getAttribute("src"));
  ready(coming, shown, performance.now() + PATIENCE, () => {
    const { scrollY } = shown.contentWindow;
    const settle = () => {
      if (land) coming.contentDocument.getElementById("place")?.scrollIntoView({ block: "center", behavior: "instant" });
      else coming.contentWindow.scrollTo({ top: scrollY, behavior: "instant" });
    };
    settle();
    coming.classList.remove("coming");
    shown.remove();
    listen(coming);
    if (coming.contentDocument.readyState !== "complete") coming.addEventListener("load", settle, { once: true });
  });
}

// Without script a browser scrolls to the place by its name; it would take the keyboard's focus there, too.
const plain = (src) => src.replace(/#.*$/, "");
const finding = (src) => new URL(src, location.href).searchParams.get("finding");

// Calls when the frame is there, with the pictures that are seen in the old one: those it does not wait for in vain.
function ready(frame, old, until, then) {
  if (!frame.isConnected || !old.isConnected) return;
  const page = frame.contentDocument;
  const there = page && page.URL !== "about:blank" && page.readyState !== "loading";
  if (there && (performance.now() > until || hasPictures(page, old.contentDocument))) then();
  else requestAnimationFrame(() => ready(frame, old, until, then));
}

function hasPictures(page, old) {
  const seen = new Set([...old.images].filter((one) => one.complete && one.naturalWidth).map((one) => one.src));
  return [...page.images].every((one) => one.complete || !seen.has(one.src));
}

// A mail that was just built can load while the page that tells of it is still on its way.
function hurry(tag) {
  panes(at("stage")).forEach((pane) => {
    const shown = pane.querySelector("iframe:not(.coming)");
    swap(pane, shown.getAttribute("src").replace(/^frame\/\w+/, `frame/${tag}`));
  });
}

// --- what is pressed ---

const keys = {
  ArrowRight: ["view", 1], ArrowLeft: ["view", -1], ArrowDown: ["variant", 1], ArrowUp: ["variant", -1],
  n: ["view", 1], p: ["view", -1], l: ["look", 1], c: ["finding", 1], C: ["finding", -1],
};

function step(kind, by) {
  const links = [...document.querySelectorAll(`[data-go=${kind}]`)];
  const here = links.findIndex((link) => link.hasAttribute("aria-current"));
  if (!links.length) return undefined;
  return show(links.at(here < 0 ? Math.min(by, 0) : (here + by) % links.length).href);
}

function pressed(key) {
  if (key.length === 1 && at("keys").querySelector("[role=switch]").ariaChecked !== "true") return null;
  if (/^Arrow(Up|Down)$/.test(key) && document.documentElement.scrollHeight > innerHeight) return null; // they scroll
  const link = /^[it]$/.test(key) && document.querySelector(`[data-key=${key}]`);
  if (link) return () => show(document.querySelector(`[data-key=${key}]`).href);
  return key in keys ? () => step(...keys[key]) : null;
}

function keydown(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select, pre")) return;
  const turn = pressed(event.key);
  if (!turn) return;
  event.preventDefault();
  turning = turning.then(turn).catch(failed);
}

// Who has clicked into a mail scrolls it with the arrows up and down; the other keys stay keys.
function listen(frame) {
  const inside = (event) => /^Arrow(Up|Down)$/.test(event.key) || keydown(event);
  const hear = () => frame.contentWindow.addEventListener("keydown", inside);
  hear();
  frame.addEventListener("load", hear);
}

document.addEventListener("keydown", keydown);
document.querySelectorAll("iframe").forEach(listen);

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='?']");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  show(link.href).catch(failed);
});

document.addEventListener("submit", (event) => {
  const form = event.target, button = form.querySelector("button");
  event.preventDefault();
  const sent = { method: "POST", body: new URLSearchParams(new FormData(form)) };
  button.disabled = true;
  if (form.id === "test") at("tried").textContent = "Sending …";
  show(form.action, sent).catch(failed).finally(() => { button.disabled = false; });
});

// --- what is told ---

const events = new EventSource("events");
events.onmessage = (message) => {
  const { version, tags } = JSON.parse(message.data), { dataset } = document.body;
  if (String(version) === dataset.version) return;
  if (tags[dataset.variant]) hurry(tags[dataset.variant]);
  turning = turning.then(() => show(wanted)).catch(failed);
};
events.onopen = () => tell("", "Shows every save");
events.onerror = stopped;

function failed(error) {
  console.error(error);
  stopped();
}

function stopped() { tell("gone", "The preview has stopped"); }

function tell(state, words) {
  at("live").classList.toggle("gone", state === "gone");
  at("live").querySelector(".words").textContent = words;
}
