// Ctrl or Cmd K: find a return, an order, a person, a page, an action on the open return.
const WAIT_MS = 120;
const dialog = document.getElementById("palette");

if (dialog) {
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("[role=listbox]");
  const foot = dialog.querySelector(".palette-foot");
  let timer;
  let asked = 0;

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (!dialog.open) dialog.showModal();
    input.select();
    look();
  });
  dialog.addEventListener("close", () => {
    input.value = "";
    list.replaceChildren();
  });
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, WAIT_MS);
  });
  input.addEventListener("keydown", (event) => {
    const options = [...list.children];
    const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (options.length) mark(options, (at + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (at >= 0) location.assign(options[at].dataset.url);
    }
  });
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) location.assign(option.dataset.url);
  });

  async function look() {
    const mine = ++asked;
    const url = new URL(dialog.dataset.palette, location.origin);
    url.searchParams.set("q", input.value.trim());
    url.searchParams.set("at", location.pathname);
    let found = [];
    try {
      const answer = await fetch(url, { headers: { Accept: "application/json" } });
      if (answer.ok) found = await answer.json();
    } catch {
      return; // offline: the list stays as it was
    }
    if (mine !== asked) return;
    list.replaceChildren(...found.map(option));
    foot.textContent = found.length || !input.value.trim() ? foot.dataset.hint : foot.dataset.nothing;
    if (found.length) mark([...list.children], 0);
    else input.removeAttribute("aria-activedescendant");
  }

  function option(entry, index) {
    const made = document.createElement("div");
    made.setAttribute("role", "option");
    made.id = `palette-${index}`;
    made.dataset.url = entry.url;
    const label = document.createElement("span");
    label.textContent = entry.label;
    const kind = document.createElement("span");
    kind.className = "kind";
    kind.textContent = entry.kind || "";
    made.append(label, kind);
    return made;
  }

  function mark(options, index) {
    options.forEach((option, i) => option.setAttribute("aria-selected", String(i === index)));
    options[index].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", options[index].id);
  }
}
