// A nurse's pages: when values were measured, and the way to the door in the phone's own map.

import { now } from "./moments.js";

const values = document.querySelector(".measured");
values?.addEventListener("input", () => {
  const at = values.closest("form").querySelector('[name="measured_at"]');
  at.value = new Date(now()).toISOString();
});

// An iPhone knows no geo: addresses; its own map takes the same words.
if (/iPhone|iPad/.test(navigator.userAgent)) {
  for (const link of document.querySelectorAll('a[href^="geo:"]')) {
    link.href = `maps://?q=${new URL(link.href).searchParams.get("q")}`;
  }
}
