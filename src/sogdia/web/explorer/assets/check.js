// Checks a proof in the reader's own browser. Every sentence comes with the page, in its language.
import { checkProof, decode, fromHex, hex, readReceipt, trustFile, trustGenesis } from "./sogdia.min.js";

const PIN = "sogdia-network";
const HEADER = "sogdia-header";
const LIGHT = "sogdia-light";
const NAMED = /^([1-9][0-9]{0,14}):([0-9a-f]{64})$/;
const place = document.getElementById("check");
const words = place.dataset;
const [form, trust, pin, header, proof, press, forget, said] = [
  "form", "trust", "pin", "header", "proof", "press", "forget", "said",
].map((id) => document.getElementById(id));
/** Trials are meant where the site itself is over a sandbox, which every page of it says. */
const meant = { sandbox: document.querySelector("[data-sandbox]") !== null };
const moment = (seconds) => new Date(Number(seconds) * 1000).toISOString().replace(".000Z", " UTC").replace("T", " ");
const [ID, KEY, VALUE, FACE, NETWORK, HEIGHT, ROOT, FAULT, BEGAN, LED, VOTES] = words.rows.split("|");
const filled = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_all, name) => values[name]);

/** Write what came out, and below it what belongs to it by name. */
function say(holds, sentences, details = []) {
  const head = document.createElement("p");
  head.className = holds ? "good" : "bad warning";
  const strong = document.createElement("strong");
  strong.textContent = sentences[0];
  head.append(strong, ` ${sentences.slice(1).join(" ")}`);
  const list = document.createElement("dl");
  for (const [name, value] of details) {
    const [row, term, description] = ["div", "dt", "dd"].map((tag) => document.createElement(tag));
    const code = document.createElement("code");
    code.className = "code";
    code.textContent = value instanceof Uint8Array ? hex(value) : String(value);
    term.textContent = name;
    description.append(code);
    row.append(term, description);
    list.append(row);
  }
  said.replaceChildren(head, ...(details.length ? [list] : []));
}

async function fetched(address) {
  const answer = await fetch(address, { credentials: "same-origin" }).catch(() => null);
  if (!answer?.ok) throw new Error(words.away);
  return new Uint8Array(await answer.arrayBuffer());
}

/** Whom to trust: a file of the reader's own, or this site's genesis if it has the hash that the reader knows. */
async function trusted() {
  if (trust.files[0]) {
    const text = await trust.files[0].text();
    return /"network"\s*:/.test(text) ? trustFile(text) : trustGenesis(text, meant);
  }
  const known = pin.value.replace(/\s/g, "").toLowerCase();
  if (!known) throw new Error(words.missing);
  const found = await trustGenesis(new TextDecoder().decode(await fetched(words.genesis)), meant);
  if (hex(found.network) !== known) throw new Error(words.pinOther);
  localStorage.setItem(PIN, known);
  forget.hidden = false;
  return found;
}

/** Say in words what anybody may see of an order: the numbers of its tables are 44 and, once it is closed, 46. */
function faced({ table, face }) {
  const open = table === 44n;
  if (!open && table !== 46n) return [];
  const [number, time] = decode(Uint8Array.of(0x93, ...face));
  const state = (open ? words.states : words.outcomes).split("|")[Number(number) - 1] ?? number;
  return [filled(open ? words.faceOpen : words.faceClosed, { state, time: moment(time) })];
}

/**
 * Check a proof of a network that several organisations run: from what this browser has checked before, else from the
 * header that the reader has named, else from the genesis. Gives what it proves, and what that stands on.
 */
async function checkVoted(raw, by) {
  const light = await import("./sogdia-light.min.js");
  const wish = header.value.replace(/\s/g, "").toLowerCase();
  const named = NAMED.exec(wish);
  if (wish && !named) throw new Error(words.headerWrong);
  const root = named ? light.rootByHeader(by.network, BigInt(named[1]), fromHex(named[2])) : light.rootByGenesis(by);
  let store = { root, blocks: [] };
  try {
    store = light.readStore(fromHex(localStorage.getItem(LIGHT) ?? ""), root);
  } catch {
    // Nothing was kept, or it began elsewhere: trust begins anew.
  }
  const found = await light.checkNetworkProof(raw, store, BigInt(Date.now()) * 1_000_000n);
  localStorage.setItem(LIGHT, hex(light.storeBytes(found.store)));
  localStorage.setItem(HEADER, wish);
  forget.hidden = false;
  const { height, hash, voted, power } = found.header;
  const began = named ? wish : filled(words.begun, { hash: hex(light.validatorSetHash(root.start.validators)) });
  return [found.proven, [[BEGAN, began], [LED, `${height}:${hex(hash)}`], [VOTES, `${voted} / ${power}`]]];
}

/** Say in words what a proof proves, and whether it is about this page. */
function tell(proven, standing) {
  const details = [
    [NETWORK, proven.network],
    [HEIGHT, proven.height],
    [ROOT, proven.root],
    ...standing,
  ];
  const sentences = [words.holds];
  let about = `receipt:${proven.id ? hex(proven.id) : ""}`;
  if (proven.kind === "receipt") {
    const { code } = readReceipt(proven.receipt);
    sentences.push(code === 0n ? words.applied : filled(words.refused, { number: code }));
    const time = proven.time ?? null;
    sentences.push(
      time === null ? filled(words.before, { time: moment(proven.sealedAt) }) : filled(words.at, { time: moment(time) }),
    );
    details.unshift([ID, proven.id]);
  } else {
    about = `record:${proven.table}:${hex(proven.key)}`;
    const found = proven.face ? words.face : proven.value === null ? words.absent : words.record;
    sentences.push(found, filled(words.at, { time: moment(proven.time) }));
    if (proven.face) sentences.push(...faced(proven));
    if (proven.steps) sentences.push(filled(words.life, { count: proven.steps.length }));
    details.unshift([KEY, proven.key], proven.face ? [FACE, proven.face] : [VALUE, proven.value ?? "–"]);
  }
  if (words.expected && about !== words.expected) return say(false, [words.other], details);
  return say(true, sentences, details);
}

async function check() {
  try {
    const by = await trusted();
    const chosen = proof.files[0];
    if (!chosen && !words.proof) throw new Error(words.missing);
    const raw = chosen ? new Uint8Array(await chosen.arrayBuffer()) : await fetched(words.proof);
    tell(...(by.engine === "cometbft" ? await checkVoted(raw, by) : [await checkProof(raw, by), []]));
  } catch (error) {
    say(false, [words.fails, error.message], error.fault ? [[FAULT, error.fault]] : []);
  }
}

pin.value = localStorage.getItem(PIN) ?? "";
header.value = localStorage.getItem(HEADER) ?? "";
forget.hidden = !pin.value && !localStorage.getItem(LIGHT);
forget.addEventListener("click", () => {
  for (const kept of [PIN, HEADER, LIGHT]) localStorage.removeItem(kept);
  pin.value = "";
  header.value = "";
  forget.hidden = true;
});
press.addEventListener("click", check);
form.hidden = false;
