// The dispatcher's page: patches itself, opens a visit beside the routes, and lets blocks be dragged. Whatever is dragged
// only asks what the move would cost; the button says yes. Without dragging the same form asks the same.

import { fill, phrases, refresh } from "./moments.js";
import { patch } from "./page.js";

const parts = document.getElementById("parts");
const dialog = document.getElementById("move");
const live = document.getElementById("live");
const REFRESH_MS = 30000;
const STEP_MIN = 5;
const FAR_PX = 6; // less is a click
let dragged = null;
let letGo = false;

// --- staying fresh ---------------------------------------------------------------------------------------------------

let fetching = false;
let wanted = false;

async function renew() {
  if (!parts || dragged) return;
  if (fetching) {
    wanted = true;
    return;
  }
  fetching = true;
  const scroll = document.querySelector(".grid-scroll")?.scrollLeft;
  do {
    wanted = false;
    try {
      const answer = await fetch(parts.dataset.path, { headers: { accept: "text/html" } });
      if (answer.redirected) location.assign("/login?next=/dispatch");
      else if (answer.ok && !dragged) {
        const fresh = document.createElement("template");
        fresh.innerHTML = await answer.text();
        patch(parts, fresh.content);
        const grid = document.querySelector(".grid-scroll");
        if (grid && scroll !== undefined) grid.scrollLeft = scroll;
      }
    } catch {
      // the stream says that there is no connection; the next event or the timer tries again
    }
  } while (wanted);
  fetching = false;
}

let lostAt = null;

function listen() {
  const stream = new EventSource("/events");
  stream.addEventListener("open", () => {
    live.hidden = true;
    if (lostAt) renew();
    lostAt = null;
  });
  stream.addEventListener("error", () => {
    lostAt ??= new Date();
    live.textContent = fill(phrases.not_live, {
      time: lostAt.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }),
    });
    live.hidden = false;
    if (stream.readyState === EventSource.CLOSED) {
      stream.close();
      setTimeout(listen, 2000);
    }
  });
  stream.addEventListener("visit", renew);
}

// --- one visit, beside the routes ------------------------------------------------------------------------------------

async function show(address) {
  const answer = await fetch(address, { headers: { accept: "text/html" } });
  if (answer.redirected || !answer.ok) {
    location.assign(address);
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const move = page.querySelector(".move");
  if (!move) return;
  dialog.querySelector(".move-body").replaceChildren(document.adoptNode(move));
  refresh(dialog);
  if (!dialog.open) dialog.showModal();
  dialog.querySelector(".price .main-action, select, a")?.focus();
}

if (dialog) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-move]");
    if (link && letGo) event.preventDefault();
    if (!link || letGo || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(link.getAttribute("href"));
  });
  dialog.querySelector(".close").addEventListener("click", () => dialog.close());
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.cost === undefined || !dialog.contains(form)) return;
    event.preventDefault();
    show(`${form.getAttribute("action")}?${new URLSearchParams(new FormData(form))}`);
  });
  document.addEventListener("done", () => {
    if (dialog.open) dialog.close();
    renew();
  });
}

// --- dragging --------------------------------------------------------------------------------------------------------

const routes = () => document.querySelector(".routes");
const svg = () => document.querySelector(".grid-days");

/** The nurse and the time of day under a place of the grid. */
function placeOf(x, y) {
  const { begin, hourWidth, top, rowHeight } = routes().dataset;
  const rows = [...svg().querySelectorAll("rect.row")];
  const row = rows[Math.floor((y - Number(top)) / Number(rowHeight))];
  if (!row) return null;
  const clock = begin.slice(11, 16).split(":").map(Number);
  const minutes = clock[0] * 60 + clock[1] + Math.max(0, (x / Number(hourWidth)) * 60);
  const round = Math.min(24 * 60 - STEP_MIN, Math.round(minutes / STEP_MIN) * STEP_MIN);
  const at = `${String(Math.floor(round / 60)).padStart(2, "0")}:${String(round % 60).padStart(2, "0")}`;
  return { row, nurse: row.dataset.nurse, at };
}

document.addEventListener("pointerdown", (event) => {
  const block = event.target.closest?.("a.block[data-drag]");
  if (!block || event.button !== 0 || event.pointerType === "touch" || !dialog) return; // a finger scrolls
  const inner = block.querySelector("svg");
  dragged = { block, inner, x: inner.x.baseVal.value, y: inner.y.baseVal.value, fromX: event.clientX, fromY: event.clientY, far: false };
});
document.addEventListener("pointermove", (event) => {
  if (!dragged) return;
  const [dx, dy] = [event.clientX - dragged.fromX, event.clientY - dragged.fromY];
  if (!dragged.far && Math.hypot(dx, dy) < FAR_PX) return;
  if (!dragged.far) dragged.block.parentNode.append(dragged.block); // above the others
  dragged.far = true;
  dragged.block.classList.add("dragged");
  dragged.inner.setAttribute("x", dragged.x + dx);
  dragged.inner.setAttribute("y", dragged.y + dy);
  const place = placeOf(dragged.x + dx, dragged.y + dy + 24);
  for (const row of svg().querySelectorAll("rect.row")) row.classList.toggle("over", row === place?.row);
});
function drop(event) {
  if (!dragged) return;
  const { block, inner, far, x, y } = dragged;
  const place = far && event.type === "pointerup" ? placeOf(Number(inner.getAttribute("x")), Number(inner.getAttribute("y")) + 24) : null;
  inner.setAttribute("x", x);
  inner.setAttribute("y", y);
  block.classList.remove("dragged");
  for (const row of svg().querySelectorAll("rect.over")) row.classList.remove("over");
  dragged = null;
  if (!far) return;
  letGo = true; // the click that comes with it is none
  setTimeout(() => (letGo = false), 50);
  if (place) show(`${block.getAttribute("href")}?nurse_id=${place.nurse}&at=${place.at}`);
}
document.addEventListener("pointerup", drop);
document.addEventListener("pointercancel", drop);
document.addEventListener("dragstart", (event) => event.target.closest?.("a.block") && event.preventDefault());

if (parts) {
  listen();
  setInterval(renew, REFRESH_MS);
  const now = document.querySelector(".grid-days .now");
  const grid = document.querySelector(".grid-scroll");
  if (now && grid) grid.scrollLeft = Math.max(0, now.getBBox().x - 160);
}
