// A list with focus in it: j and k move, x selects, Enter opens; selected rows are counted.
function rows(list) {
  return [...list.querySelectorAll("[data-row-link]")];
}

document.addEventListener("keydown", (event) => {
  const target = event.target;
  const list = target.closest?.("[data-list]");
  if (!list || event.ctrlKey || event.metaKey || event.altKey) return;
  if (target.matches("input:not([type=checkbox]), select, textarea")) return;
  const links = rows(list);
  const row = target.closest("tr, li");
  const at = links.findIndex((link) => link.closest("tr, li") === row);
  if (event.key === "j" || event.key === "k") {
    const next = links[Math.min(links.length - 1, Math.max(0, at + (event.key === "j" ? 1 : -1)))];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
    event.preventDefault();
  } else if (event.key === "x" && row) {
    const box = row.querySelector(".pick input");
    if (box) box.click();
    event.preventDefault();
  } else if (event.key === "Enter" && target.matches(".pick input")) {
    links[at]?.click();
    event.preventDefault();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.matches("input, select, textarea")) return;
  const filter = document.querySelector("[data-filter]");
  if (!filter) return;
  event.preventDefault();
  filter.focus();
});

function count(form) {
  const boxes = [...form.querySelectorAll("td.pick input, li .pick input")];
  const picked = boxes.filter((box) => box.checked).length;
  for (const place of form.querySelectorAll("[data-picked]")) place.textContent = String(picked);
  const all = form.querySelector("[data-pick-all]");
  if (!all) return;
  all.checked = picked > 0 && picked === boxes.length;
  all.indeterminate = picked > 0 && picked < boxes.length;
}

document.addEventListener("change", (event) => {
  const box = event.target;
  const form = box.closest?.("form");
  if (!form || !(box.matches("[data-pick-all]") || box.closest(".pick"))) return;
  if (box.matches("[data-pick-all]")) {
    for (const one of form.querySelectorAll("td.pick input, li .pick input")) one.checked = box.checked;
  }
  count(form);
});
document.addEventListener("reset", (event) => setTimeout(() => count(event.target)));
for (const form of document.querySelectorAll("form:has(.pick)")) count(form);
