// A form that grows: its steps and trials go to the server as without script, and only the parts that changed are swapped.
const LATER_MS = 500;
const PARTS = ["rule-told", "try-result"];
let waiting = 0;
let newest = 0;

function growing() {
  return document.querySelector("[data-grow-form]");
}

// Fields that matter beside what was chosen in another one.
function show(form) {
  for (const piece of form.querySelectorAll("[data-when]")) {
    const field = form.elements.namedItem(piece.dataset.when);
    if (!field) continue;
    const value = field.type === "checkbox" ? (field.checked ? field.value : "") : field.value;
    piece.hidden = !piece.dataset.is.split(" ").includes(value);
  }
}

async function ask(form, step) {
  const mine = ++newest;
  const body = new FormData(form);
  body.set("do", step);
  const headers = { Accept: "text/html", "X-Part": step === "try" ? "told" : "form" };
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(body), headers });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (mine !== newest) return null;
  if (answer.redirected || !page.querySelector("[data-grow-form], #rule-told")) {
    location.assign(answer.url);
    return null;
  }
  return page;
}

function swap(id, page) {
  const now = document.getElementById(id);
  const then = page.getElementById(id);
  if (now && then && now.innerHTML !== then.innerHTML) now.replaceChildren(...then.childNodes);
}

// A step: the whole form comes back; the focus goes where the server says, else to where it was.
async function grow(form, step) {
  const at = document.activeElement?.id;
  const page = await ask(form, step);
  if (!page) return;
  const then = page.querySelector("[data-grow-form]");
  form.replaceChildren(...then.childNodes);
  show(form);
  for (const id of PARTS) swap(id, page);
  const goal = then.dataset.goesTo;
  const place = goal && (document.getElementById(goal) || document.getElementById(`do-${goal.replace(":", "-")}`));
  (place || document.getElementById(at))?.focus();
  document.dispatchEvent(new Event("retour:swapped"));
}

// A trial: the form stays as it is, what it means and would decide is told anew.
async function tell(form) {
  const page = await ask(form, "try");
  if (page) for (const id of PARTS) swap(id, page);
}

function soon(form) {
  clearTimeout(waiting);
  waiting = setTimeout(() => tell(form), LATER_MS);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button[name=do]");
  const form = button?.form;
  if (!form || form !== growing()) return;
  if (button.dataset.grow === undefined && button.dataset.try === undefined) return;
  event.preventDefault();
  clearTimeout(waiting);
  if (button.dataset.try === undefined) grow(form, button.value);
  else tell(form);
});

document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (!form || form !== growing()) return;
  show(form);
  if (event.target.dataset.growOnChange === undefined) return;
  clearTimeout(waiting);
  grow(form, "refresh");
});

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (!form || form !== growing() || event.target.dataset.growOnChange !== undefined) return;
  if (document.getElementById("rule-told")) soon(form);
});

// Enter in the order number tries it; everywhere else it saves.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.target.id !== "try_order") return;
  const form = event.target.form;
  if (!form || form !== growing()) return;
  event.preventDefault();
  tell(form);
});

// Without script the focus goes where the address says; with it, to the row that was just added.
const form = growing();
if (form) {
  show(form);
  const goal = form.dataset.goesTo;
  if (goal) document.getElementById(goal)?.focus();
}

// While something runs, its part of the page is asked for again: after 2, 5, then 15 seconds, and only when it is looked at.
const PAUSES_MS = [2000, 2000, 2000, 5000, 5000, 15000];

async function poll(turn) {
  const now = document.querySelector("[data-poll]");
  if (!now) return;
  if (document.visibilityState === "visible") {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const then = page.getElementById(now.id);
    if (!then) return;
    if (then.dataset.poll === undefined) delete now.dataset.poll;
    now.replaceChildren(...then.childNodes);
  }
  setTimeout(() => poll(turn + 1), PAUSES_MS[Math.min(turn + 1, PAUSES_MS.length - 1)]);
}
if (document.querySelector("[data-poll]")) setTimeout(() => poll(0), PAUSES_MS[0]);
