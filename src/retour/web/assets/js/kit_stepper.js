// A select of quantities becomes a number between two buttons.
function enhance(root) {
  for (const box of root.querySelectorAll("[data-stepper]:not([data-ready])")) {
    box.dataset.ready = "1";
    const select = box.querySelector("select");
    if (select) replace(box, select);
  }
}

function replace(box, select) {
  const values = [...select.options].map((option) => Number(option.value));
  const least = Math.min(...values);
  const most = Math.max(...values);
  const input = document.createElement("input");
  Object.assign(input, { type: "text", inputMode: "numeric", autocomplete: "off", name: select.name, id: select.id, value: select.value });
  const fewer = button(box.dataset.fewer, "minus");
  const more = button(box.dataset.more, "plus");
  const frame = document.createElement("span");
  frame.className = "steps-in";
  frame.dir = "ltr";
  frame.append(fewer, input, more);
  select.replaceWith(frame);

  const set = (value) => {
    const bounded = Math.min(most, Math.max(least, Number.isFinite(value) ? Math.round(value) : least));
    input.value = String(bounded);
    fewer.setAttribute("aria-disabled", String(bounded <= least));
    more.setAttribute("aria-disabled", String(bounded >= most));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const step = (by) => {
    const before = Number(input.value);
    const after = Math.min(most, Math.max(least, before + by));
    if (after === before) return;
    set(after);
    const live = document.getElementById("live");
    if (live) live.textContent = input.value;
  };
  fewer.addEventListener("click", () => step(-1));
  more.addEventListener("click", () => step(1));
  input.addEventListener("blur", () => set(Number(input.value)));
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      event.preventDefault();
      step(event.key === "ArrowUp" ? 1 : -1);
    }
  });
  fewer.setAttribute("aria-disabled", String(Number(input.value) <= least));
  more.setAttribute("aria-disabled", String(Number(input.value) >= most));
}

function button(label, icon) {
  const made = document.createElement("button");
  made.type = "button";
  made.setAttribute("aria-label", label);
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  picture.setAttribute("class", "icon");
  picture.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${icon}`);
  picture.append(use);
  made.append(picture);
  return made;
}

enhance(document);
document.addEventListener("retour:swapped", () => enhance(document));
