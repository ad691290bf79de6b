"use strict";
{
  const $ = (id) => document.getElementById(id);
  const data = $("answers") && JSON.parse($("answers").textContent);
  const fields = [...document.querySelectorAll(".field")];
  const said = document.querySelector(".finding p bdi");
  let pinned = {}, experiment = "", busy = false, again = false;

  const place = (field) => Number(field.querySelector("input, select").value);
  const value = (field) => {
    const choice = field.querySelector("select");
    if (choice) return JSON.parse(choice.value);
    if (field.dataset.values) return JSON.parse(field.dataset.values)[place(field)];
    return Number(field.querySelector("input[type=number]").value);
  };
  const own = (field) => JSON.parse(field.dataset.value);
  const changes = () =>
    Object.fromEntries(fields.filter((f) => value(f) !== own(f)).map((f) => [f.dataset.path, value(f)]));
  const key = () =>
    fields.map((f) => (f.querySelector("select") ? f.querySelector("select").selectedIndex : place(f))).join(",");

  const ask = async (path, more = {}) => {
    if (data) return path === "/journey" ? {} : data.answers[key()];
    const body = JSON.stringify({ pinned, changes: changes(), ...more });
    const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    return answer.json();
  };
  const tell = (text, error = false) => {
    $("status").textContent = text;
    $("status").classList.toggle("error", error);
  };
  const show = (answer) => {
    tell(answer.error || (data ? "" : `answered in ${answer.seconds.toFixed(2)} s`), Boolean(answer.error));
    if (answer.error) return false;
    said.textContent = answer.said;
    $("results").innerHTML = answer.html;
    experiment = answer.experiment;
    return true;
  };
  const update = async () => {
    for (const field of fields) field.classList.toggle("changed", value(field) !== own(field));
    again = true;
    if (busy) return;
    busy = true;
    $("results").classList.add("stale");
    $("figures").classList.add("stale");
    try {
      while (again) {
        again = false;
        if (!data) tell("simulating; a rule that is new takes some seconds the first time");
        let found = { count: 0 };
        do found = await ask("/answer", { after: found.count });
        while (show(found) && found.rest > 0 && !again);
        if (found.error || again) continue;
        const drawn = await ask("/figures");
        if (!again && !drawn.error) $("figures").innerHTML = drawn.figures;
      }
    } catch {
      tell("no answer: is `backsim explore` still running?", true);
    }
    busy = false;
    if ($("status").classList.contains("error")) return;
    $("results").classList.remove("stale");
    $("figures").classList.remove("stale");
  };

  for (const field of fields) {
    const [first, second] = field.querySelectorAll("input, select, output");
    first.addEventListener("input", () => {
      if (second) second.value = field.dataset.values ? value(field) : first.value;
      update();
    });
    if (second && second.tagName === "INPUT")
      second.addEventListener("input", () => {
        first.value = second.value;
        if (second.value !== "") update();
      });
  }
  const reset = (to) => {
    for (const field of fields) {
      const wanted = field.dataset.path in to ? to[field.dataset.path] : own(field);
      const [first, second] = field.querySelectorAll("input, select, output");
      if (first.tagName === "SELECT") first.value = JSON.stringify(wanted);
      else first.value = field.dataset.values ? JSON.parse(field.dataset.values).indexOf(wanted) : wanted;
      if (second) second.value = wanted;
    }
    update();
  };
  $("panel").addEventListener("submit", (event) => event.preventDefault());
  $("reset").addEventListener("click", () => reset(pinned));
  if ($("pin")) $("pin").addEventListener("click", () => { pinned = changes(); update(); });
  $("save").addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([experiment], { type: "text/yaml" }));
    link.download = "what_if.yaml";
    link.click();
    tell("saved as what_if.yaml: run `backsim compare what_if.yaml`");
  });

  const offer = (cases) => {
    const chosen = $("cases").value;
    $("cases").replaceChildren(new Option("choose an order", ""), ...cases.map(([n, why]) => new Option(why, n)));
    $("cases").value = chosen;
  };
  const journey = async (order) => {
    if (data) {
      const found = data.journeys.find(([number]) => number === order);
      if (found) $("story").innerHTML = found[2];
      return;
    }
    $("story").classList.add("stale");
    const answer = await ask("/journey", { order }).catch(() => ({ error: "no answer" }));
    $("story").classList.remove("stale");
    if (answer.error) return tell(answer.error, true);
    offer(answer.cases);
    $("order").value = answer.order;
    $("story").innerHTML = answer.html;
  };
  $("journey-form").addEventListener("submit", (event) => {
    event.preventDefault();
    if ($("order")) journey($("order").value === "" ? null : Number($("order").value));
  });
  $("cases").addEventListener("input", () => { if ($("cases").value !== "") journey(Number($("cases").value)); });
  if (data) offer(data.journeys);
  update();
}
