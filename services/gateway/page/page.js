"use strict";

const TEXTS = {
  en: {
    skip: "Skip to the question",
    title: "Ask the model",
    key: "Key",
    keyNote: "Kept in this tab, until you close it.",
    model: "Model",
    text: "Your text",
    send: "Classify",
    answer: "Answer",
    probabilities: "Probabilities",
    version: "Model version",
    request: "Request id",
    wrong: "Wrong? Correct it",
    right: "The right label",
    consent: "My text may be kept, and train the next version.",
    correct: "Send the correction",
    interface: "The interface, as OpenAPI",
    asking: "Asking…",
    away: "The gateway gives no answer.",
    thanksTrains: "Thank you: it may train the next version.",
    thanksKept: "Thank you. It is kept, and trains nothing: models are judged on it, or don't learn its language.",
    thanks: "Thank you. Without your consent it is noted, and trains nothing.",
  },
  zh: {
    skip: "跳到提问",
    title: "问问模型",
    key: "密钥",
    keyNote: "只保存在此标签页中，关闭即清除。",
    model: "模型",
    text: "您的文本",
    send: "分类",
    answer: "回答",
    probabilities: "概率",
    version: "模型版本",
    request: "请求编号",
    wrong: "不对？请更正",
    right: "正确的标签",
    consent: "我同意保留这段文本，并用于训练下一个版本。",
    correct: "提交更正",
    interface: "接口说明（OpenAPI）",
    asking: "正在询问……",
    away: "网关没有应答。",
    thanksTrains: "谢谢，它可以用于训练下一个版本。",
    thanksKept: "谢谢。它已保存，但不用于训练：它用来评判模型，或者模型不学习这种语言。",
    thanks: "谢谢。未经您同意，它只作记录，不会用于训练。",
  },
};

const KEY = "key";
const at = (id) => document.getElementById(id);
let language = "en";
let asked = null;

function speak(chosen) {
  language = Object.hasOwn(TEXTS, chosen) ? chosen : "en";
  document.documentElement.lang = language;
  document.title = `Millrace: ${TEXTS[language].title}`;
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = TEXTS[language][element.dataset.text];
  }
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  }
}

async function call(path, body) {
  const headers = { Authorization: `Bearer ${at("key").value}` };
  const options = body === undefined ? { headers } : {
    method: "POST", headers: { ...headers, "Content-Type": "application/json" }, body: JSON.stringify(body),
  };
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Error(TEXTS[language].away);
  }
  const told = await answer.json();
  if (!answer.ok) throw new Error(`${told.title}: ${told.detail}`);
  return told;
}

function complain(why) {
  at("problem").textContent = why;
  at("problem").hidden = why === "";
}

function option(value) {
  const made = document.createElement("option");
  made.value = made.textContent = value;
  return made;
}

function row(label, probability) {
  const made = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = label;
  const meter = document.createElement("meter");
  meter.value = probability;
  meter.setAttribute("aria-hidden", "true");
  const bar = document.createElement("td");
  bar.append(meter);
  const number = document.createElement("td");
  number.className = "number";
  number.textContent = `${(100 * probability).toFixed(1)} %`;
  made.append(head, bar, number);
  return made;
}

function show(answer) {
  const ranked = Object.entries(answer.probabilities).sort((one, other) => other[1] - one[1]);
  at("label").textContent = answer.label;
  at("probabilities").replaceChildren(...ranked.map(([label, probability]) => row(label, probability)));
  at("version").textContent = `${answer.model} ${answer.model_version}`;
  at("request").textContent = answer.request_id;
  at("right").replaceChildren(...ranked.filter(([label]) => label !== answer.label).map(([label]) => option(label)));
  at("thanks").textContent = "";
  at("answer").hidden = false;
  at("answer").focus();
}

async function listModels() {
  if (at("key").value === "") return;
  try {
    const { models } = await call("/v1/models");
    at("model").replaceChildren(...models.map(({ name }) => option(name)));
    at("model-field").hidden = models.length < 2;
    complain("");
  } catch (error) {
    complain(error.message);
  }
}

async function ask(event) {
  event.preventDefault();
  complain("");
  at("asking").textContent = TEXTS[language].asking;
  const text = at("text").value;
  const model = at("model").value || undefined;
  try {
    const answer = await call("/v1/classify", { text, model });
    asked = { request_id: answer.request_id, text };
    show(answer);
  } catch (error) {
    at("answer").hidden = true;
    complain(error.message);
  } finally {
    at("asking").textContent = "";
  }
}

async function correct(event) {
  event.preventDefault();
  complain("");
  const consent = at("consent").checked;
  const said = { request_id: asked.request_id, kind: "correction", label: at("right").value, consent };
  try {
    const kept = await call("/v1/feedback", consent ? { ...said, text: asked.text } : said);
    const untrained = consent ? TEXTS[language].thanksKept : TEXTS[language].thanks;
    at("thanks").textContent = kept.trains ? TEXTS[language].thanksTrains : untrained;
  } catch (error) {
    complain(error.message);
  }
}

for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => speak(button.dataset.language));
}
at("key").value = sessionStorage.getItem(KEY) ?? "";
at("key").addEventListener("change", () => {
  sessionStorage.setItem(KEY, at("key").value);
  listModels();
});
at("ask").addEventListener("submit", ask);
at("correct").addEventListener("submit", correct);
speak(new URLSearchParams(location.search).get("lang") ?? navigator.language.slice(0, 2));
listModels();
