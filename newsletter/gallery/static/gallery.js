// The two looks that are not in the file twice: the mail's own dark palette, and the colours turned over by force.
// Everything else in the gallery is done by style. The table says what becomes of each colour: newsletter/gallery/colours.py.
"use strict";

const turned = JSON.parse(document.getElementById("turned").textContent);
const names = Object.keys(turned).sort((a, b) => b.length - a.length).map((one) => one.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
const colour = new RegExp(`url\\([^()]*\\)|(?<![\\w#.-])(?:${names.join("|")})(?![\\w-])`, "gi");
const coloured = /(?<![\w-])((?:[\w-]*color|background|border(?:-\w+)?|outline|(?:box|text)-shadow)\s*:)([^;{}]*)/gi;
const turn = (value) => value.replace(colour, (one) => turned[one] ?? one);
const turnSheet = (css) => css.replace(coloured, (all, name, value) => name + turn(value));
const frames = [...document.querySelectorAll("iframe")].map((frame) => ({ frame, light: frame.srcdoc }));

function dark(mail) {
  return mail.replace(/\((min|max)-width: 0\)/g, (found, which) => `(${which === "min" ? "max" : "min"}-width: 0)`)
    .replace(/((?:supported-)?color-schemes?\s*:\s*)light/g, "$1dark").replace(/(<meta[^>]*content=)"light"/g, '$1"dark"');
}

function inverted(mail) {
  const page = new DOMParser().parseFromString(mail, "text/html");
  for (const sheet of page.querySelectorAll("style")) {
    sheet.textContent = turnSheet(sheet.textContent);
  }
  for (const one of page.querySelectorAll("[style]")) one.setAttribute("style", turnSheet(one.getAttribute("style")));
  for (const name of ["bgcolor", "color"]) {
    for (const one of page.querySelectorAll(`[${name}]`)) one.setAttribute(name, turn(one.getAttribute(name)));
  }
  const unnamed = page.createElement("style");
  unnamed.textContent = turned.unnamed;
  page.head.prepend(unnamed);
  return `<!DOCTYPE html>${page.documentElement.outerHTML}`;
}

const looks = { light: (mail) => mail, dark, inverted };

function show() {
  const look = document.querySelector("[name=look]:checked").value;
  for (const { frame, light } of frames) if (frame.dataset.look !== look && frame.checkVisibility()) {
    frame.dataset.look = look;
    frame.srcdoc = looks[look](light);
    frame.title = frame.title.replace(/, \w+$/, `, ${look}`);
  }
}

document.getElementById("looks").hidden = false;
document.addEventListener("change", show);
show();
