/** Proofs, checked offline by one who trusts a network and the validators that sign its headers, and nobody else. */

import { Malformed, bigEndian, compare, decode, encode, fromHex, hex, join, same, utf8 } from "./codec.js";
import { idOf, readEnvelope } from "./envelopes.js";
import { Faulty, formed, needing } from "./faults.js";
import { ED25519, verify } from "./keys.js";
import { readJson } from "./json.js";
import { sha256 } from "./sha256.js";
import { HASH, INDEX, TIME, bytes, list, maybe, number, parts, withBytes } from "./shapes.js";

/** @typedef {import("./codec.js").Value} Value */

/**
 * @template T
 * @typedef {import("./codec.js").Shape<T>} Shape
 */

/**
 * A network, by its genesis hash, and who is trusted to sign its headers from the height `since` on. Of a genesis also
 * its time, in seconds, and its engine; what runs on CometBFT needs the light client.
 * @typedef {{ network: Uint8Array, validators: { publicKey: Uint8Array, weight: bigint }[], since: bigint,
 *   time?: bigint, engine?: "solo" | "cometbft" }} Trust
 */

/**
 * What a header that is trusted says of the state after `height`, still so at `time` (in seconds), and of the last
 * results up to then. `previous` is the hash of the header of `height`.
 * @typedef {{ network: Uint8Array, height: bigint, time: bigint, stateRoot: Uint8Array, resultsHeight: bigint,
 *   resultsRoot: Uint8Array, previous: Uint8Array }} Roots
 */

/** @typedef {{ hash: Uint8Array, time: bigint, transactionsRoot: Uint8Array }} Block */

/**
 * How an engine's anchors and blocks look in a proof. What is read of an anchor finds out whether to trust it.
 * @typedef {{ anchor: Shape<() => Promise<Roots>>, block: Shape<Block> }} Engine
 */

/**
 * @typedef {"form" | "network" | "height" | "validators" | "signatures" | "handover" | "bucket" | "value" | "state root"
 *   | "envelope" | "header" | "results root" | "transactions root" | "history"} ProofFault
 */

const PROOF_BYTES_MAX = 4 * 2 ** 20;
const ANY = bytes(0, PROOF_BYTES_MAX);
const HEIGHT = number(0n, 2n ** 48n);

const HEADER = withBytes(
  parts({
    network: HASH,
    height: HEIGHT,
    time: TIME,
    previous: HASH,
    transactionsRoot: HASH,
    stateRoot: HASH,
    resultsRoot: HASH,
    validators: HASH,
    nextValidators: HASH,
  }),
);
const SIGNED_HEADER = parts({ header: HEADER, signatures: list(bytes(64), 0, 64) });
const VALIDATORS = list(parts({ publicKey: HASH, weight: number(1n, 2n ** 31n - 1n) }), 1, 64);
const HANDOVERS = list(parts({ signed: SIGNED_HEADER, validators: VALIDATORS }), 0, 64);
/** The number of the embedded engine. */
const EMBEDDED = number(1n, 1n);
const ANCHOR = parts({ engine: EMBEDDED, handovers: HANDOVERS, signed: SIGNED_HEADER });
const OWN_BLOCK = parts({ engine: EMBEDDED, header: HEADER });
const SIZE = 2n ** 32n - 1n;
const PLACE = parts({ index: number(0n, SIZE), size: number(1n, SIZE), neighbours: list(HASH, 0, 32) });
const FRONT = 17;
const STEP = parts({ id: HASH, operation: INDEX, receiptHash: HASH, height: HEIGHT, time: TIME });

/**
 * The shapes of proofs that lead to an engine's headers.
 * @param {Engine} engine
 */
function shapesOf({ anchor, block }) {
  const record = { anchor, table: number(1n, 255n), key: bytes(0, 255) };
  const bucket = { entries: bytes(0, 1024), levels: list(bytes(480), 0, 64) };
  const stored = maybe(bytes(FRONT + 1, PROOF_BYTES_MAX));
  const state = parts({ kind: number(1n, 1n), ...record, stored, ...bucket });
  const face = parts({ kind: number(4n, 4n), ...record, face: bytes(1, 255), rest: HASH, ...bucket });
  const receipt = parts({
    kind: number(2n, 2n),
    anchor,
    id: HASH,
    receipt: ANY,
    place: PLACE,
    envelope: maybe(ANY),
    block: maybe(block),
    included: maybe(PLACE),
  });
  /** @type {Shape<StateProof | FaceProof>} */
  const either = (value, where) => (Array.isArray(value) && value[0] === 4n ? face : state)(value, where);
  const history = parts({ kind: number(3n, 3n), state: either, steps: list(STEP, 1, PROOF_BYTES_MAX) });
  return { state, face, receipt, history };
}

/** @typedef {ReturnType<typeof HEADER>} Header */
/** @typedef {{ anchor: () => Promise<Roots>, table: bigint, key: Uint8Array, entries: Uint8Array, levels: Uint8Array[] }} Placed */
/** @typedef {Placed & { stored: Uint8Array | null }} StateProof */
/** @typedef {Placed & { face: Uint8Array, rest: Uint8Array }} FaceProof */
/** @typedef {ReturnType<ReturnType<typeof shapesOf>["receipt"]>} ReceiptProof */
/** @typedef {ReturnType<ReturnType<typeof shapesOf>["history"]>} HistoryProof */

/**
 * A proof that proves nothing: which part of it does not fit, and to what.
 * @extends {Faulty<ProofFault>}
 */
export class ProofWrong extends Faulty {
  name = "ProofWrong";
}

const need = needing(ProofWrong);

/** The genesis of a network for trials where nobody has said that trials are meant. */
export class SandboxRefused extends Error {
  name = "SandboxRefused";
}

// -------------------------------------------------------------------------------------------------------------- trust

/**
 * Trust the network of a genesis and the validators that it names. The text must be the genesis with every default
 * filled in, as a node writes it; another spelling is another network, on which no proof holds. The genesis of a
 * sandbox is taken only by who says that trials are meant.
 * @param {string} genesis
 * @param {{ sandbox?: boolean }} [meant]
 * @returns {Trust}
 */
export function trustGenesis(genesis, { sandbox = false } = {}) {
  const content = readJson(genesis);
  if (!sandbox && content instanceof Map && /^sandbox/i.test(String(content.get("name"))))
    throw new SandboxRefused("This network is a sandbox: what is proved there is worth nothing.");
  const [validators, time, engine] = members(content, ["validators", "time", "engine"]);
  if (!Array.isArray(validators) || !validators.length)
    throw new Malformed("This is no genesis: it names no validators.");
  return { ...trust(sha256(utf8("sogdia/genesis"), encode(sorted(content))), validators), time, engine };
}

/**
 * Read a file of trusted keys, as `sogdia` writes it.
 * @param {string} text
 * @returns {Trust}
 */
export function trustFile(text) {
  const content = readJson(text);
  const [network, validators, since = 1n] = members(content, ["network", "validators", "since"]);
  if (typeof network !== "string" || !Array.isArray(validators))
    throw new Malformed("This is no file of trusted keys.");
  return { ...trust(HASH(fromHex(network), "network"), validators), since: number(1n, 2n ** 48n)(since, "since") };
}

/**
 * Give members of an object; of anything else null.
 * @param {Value} content
 * @param {string[]} names
 */
const members = (content, names) => names.map((name) => (content instanceof Map ? content.get(name) : null));

/**
 * @param {Uint8Array} network
 * @param {Value[]} validators each its key in hexadecimal, and its weight
 * @returns {Trust}
 */
function trust(network, validators) {
  const pairs = validators.map((each) => {
    const [key, weight = 1n] = Array.isArray(each) ? each : [];
    return [typeof key === "string" ? fromHex(key) : null, weight];
  });
  return { network, validators: VALIDATORS(pairs, "validators"), since: 1n };
}

/**
 * Put the members of all objects into the order of the encoding.
 * @param {Value} value
 * @returns {Value}
 */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (!(value instanceof Map)) return value;
  const members = [...value].sort(([one], [other]) => compare(utf8(one), utf8(other)));
  return new Map(members.map(([name, member]) => [name, sorted(member)]));
}

/** @param {Trust["validators"]} validators */
const digestOf = (validators) =>
  sha256(utf8("sogdia/validators"), encode(validators.map(({ publicKey, weight }) => [publicKey, weight])));

/** @param {Header} header */
const hashOf = (header) => sha256(utf8("sogdia/header"), header.raw);

/**
 * Give a header once it is certain that all trusted validators signed it.
 * @param {ReturnType<typeof SIGNED_HEADER>} signed
 * @param {Trust} trusted
 */
async function trustHeader({ header, signatures }, { network, validators, since }) {
  const at = `the header of height ${header.height}`;
  need(
    same(header.network, network),
    "network",
    `The header is of the network ${hex(header.network)}, not the trusted one.`,
  );
  need(header.height >= since, "height", `The keys are trusted from height ${since} on; this is ${at}.`);
  need(
    same(header.validators, digestOf(validators)),
    "validators",
    `Others than the trusted validators sign ${at}; if they changed, the proof needs the headers that handed over.`,
  );
  const counts = `${signatures.length} signatures of ${validators.length} validators`;
  need(signatures.length === validators.length, "signatures", `There are ${counts} on ${at}.`);
  const message = hashOf(header);
  const right = await Promise.all(
    validators.map(({ publicKey }, count) => verify(ED25519, publicKey, message, signatures[count])),
  );
  need(!right.includes(false), "signatures", `Signature ${right.indexOf(false)} on ${at} is not by its validator.`);
  return header;
}

/**
 * Move trust along the changes of validators that an anchor shows, then give what the header that it leads to says.
 * @param {ReturnType<typeof ANCHOR>} anchor
 * @param {Trust} trusted
 * @returns {Promise<Roots>}
 */
async function trustAnchor({ handovers, signed }, trusted) {
  for (const { signed: announcing, validators } of handovers) {
    if (announcing.header.height < trusted.since) continue;
    const { height, nextValidators } = await trustHeader(announcing, trusted);
    need(
      same(nextValidators, digestOf(validators)),
      "handover",
      `The header of height ${height} announces other validators than are shown.`,
    );
    trusted = { network: trusted.network, validators, since: height + 1n };
  }
  const { network, height, time, stateRoot, resultsRoot, previous } = await trustHeader(signed, trusted);
  return { network, height: height - 1n, time, stateRoot, resultsHeight: height - 1n, resultsRoot, previous };
}

// ----------------------------------------------------------------------------------------------------------- checking

/**
 * What a proof proves: of a record, of what anybody may see of one, of a receipt, or of a record's whole life.
 * @typedef {Awaited<ReturnType<typeof proveBy>>} Proven
 */

/**
 * Check a proof of any kind and say what it proves; throws `ProofWrong` when it proves nothing. Proofs of a network on
 * CometBFT are checked by the light client's `checkNetworkProof`.
 * @param {Uint8Array} raw
 * @param {Trust} trusted
 */
export async function checkProof(raw, trusted) {
  need(trusted.engine !== "cometbft", "validators", "The network runs on CometBFT: use the light client.");
  return proveBy(raw, {
    anchor(value, where) {
      const anchor = ANCHOR(value, where);
      return () => trustAnchor(anchor, trusted);
    },
    block(value, where) {
      const { header } = OWN_BLOCK(value, where);
      return { hash: hashOf(header), time: header.time, transactionsRoot: header.transactionsRoot };
    },
  });
}

/**
 * Check a proof that leads to the headers of an engine.
 * @param {Uint8Array} raw
 * @param {Engine} engine
 */
export async function proveBy(raw, engine) {
  const proof = readProof(raw, engine);
  const roots = await ("state" in proof ? proof.state.anchor : proof.anchor)();
  if ("state" in proof) return { kind: /** @type {const} */ ("history"), ...checkHistory(proof, roots) };
  if ("face" in proof) return { kind: /** @type {const} */ ("face"), ...checkState(proof, roots) };
  if ("table" in proof) return { kind: /** @type {const} */ ("record"), ...checkState(proof, roots) };
  return { kind: /** @type {const} */ ("receipt"), ...checkReceipt(proof, roots) };
}

/**
 * @param {Uint8Array} raw
 * @param {Engine} engine
 * @returns {StateProof | ReceiptProof | HistoryProof | FaceProof}
 */
function readProof(raw, engine) {
  need(raw.length <= PROOF_BYTES_MAX, "form", `It has ${raw.length} bytes; at most ${PROOF_BYTES_MAX} are read.`);
  const { state, face, receipt, history } = shapesOf(engine);
  return formed(ProofWrong, "form", () => {
    if (raw[1] === 1) return decode(raw, state);
    if (raw[1] === 4) return decode(raw, face);
    return raw[1] === 2 ? decode(raw, receipt) : decode(raw, history);
  });
}

/**
 * Give the hash that a record's entry must have, and what a proof shows of the record.
 * @param {StateProof | FaceProof} proof
 */
function shownIn(proof) {
  if ("face" in proof) {
    const { face, rest } = proof;
    return /** @type {const} */ ([faced(face, rest), { face, rest }]);
  }
  const { stored } = proof;
  if (!stored) return /** @type {const} */ ([stored, { value: stored }]);
  const end = stored.length - stored[0];
  need(end > FRONT, "form", "There is nothing but a face.");
  const rest = sha256(Uint8Array.of(0), stored.slice(1, end));
  return /** @type {const} */ ([faced(stored.slice(end), rest), { value: stored.slice(FRONT) }]);
}

/**
 * @param {Uint8Array} face
 * @param {Uint8Array} rest
 */
const faced = (face, rest) => (face.length ? sha256(Uint8Array.of(face.length), face, rest) : rest);

/**
 * @param {StateProof | FaceProof} proof
 * @param {Roots} roots
 */
function checkState(proof, { network, height, time, stateRoot }) {
  const { table, key, entries, levels } = proof;
  const [hashed, shown] = shownIn(proof);
  const keyHash = sha256(bigEndian(table, 1), key);
  const found = entryOf(entries, keyHash, levels.length);
  const fits = hashed && found ? same(found, hashed) : hashed === found;
  need(fits, "value", "The bucket has another entry for the key.");
  const digits = hex(keyHash);
  let root = entries.length ? sha256(Uint8Array.of(0), entries) : new Uint8Array(32);
  levels.forEach((others, count) => {
    const at = 32 * parseInt(digits[levels.length - 1 - count], 16);
    root = sha256(Uint8Array.of(1), others.subarray(0, at), root, others.subarray(at));
  });
  need(same(root, stateRoot), "state root", `Bucket and levels lead to ${hex(root)}, not to the header's root.`);
  return { network, table, key, ...shown, height, time, root };
}

/**
 * Find the hash of the key's value in a bucket; refuse a bucket that no tree has so deep on the way to the key.
 * @param {Uint8Array} entries
 * @param {Uint8Array} keyHash
 * @param {number} depth
 */
function entryOf(entries, keyHash, depth) {
  need(entries.length % 64 === 0, "bucket", `The bucket has ${entries.length} bytes, and entries have 64 each.`);
  const way = hex(keyHash).slice(0, depth);
  /** @type {Uint8Array | null} */
  let found = null;
  let before = new Uint8Array();
  for (let at = 0; at < entries.length; at += 64) {
    const entry = entries.slice(at, at + 32);
    need(compare(entry, before) > 0, "bucket", "The bucket's entries are not in order.");
    need(hex(entry).startsWith(way), "bucket", `Entry ${at / 64} does not belong into the bucket at ${way}.`);
    if (same(entry, keyHash)) found = entries.slice(at + 32, at + 64);
    before = entry;
  }
  return found;
}

/**
 * @param {ReceiptProof} proof
 * @param {Roots} roots
 */
function checkReceipt({ id, receipt, place, envelope, block, included }, roots) {
  const { network, height, time: sealedAt, resultsHeight, resultsRoot, previous } = roots;
  if (envelope !== null) {
    const { body, signatures } = formed(ProofWrong, "envelope", () => readEnvelope(envelope));
    need(signatures.length === body.signers.length, "envelope", "The envelope has not one signature a signer.");
    need(same(idOf(network, body.raw), id), "envelope", "The envelope has another id than the proof says.");
  }
  needRoot("results root", join(id, sha256(receipt)), place, resultsRoot);
  if (block !== null) {
    const linked = resultsHeight === height && same(block.hash, previous);
    need(linked, "header", "The trusted header does not link back to the block's own.");
  }
  if (included !== null) {
    if (!block || !envelope) throw new ProofWrong("form", "A second place needs the envelope and the block's header.");
    needRoot("transactions root", sha256(envelope), included, block.transactionsRoot);
  }
  return {
    network,
    id,
    receipt,
    height: resultsHeight,
    time: block && block.time,
    sealedAt,
    root: resultsRoot,
    envelope,
    included: included !== null,
  };
}

/**
 * Refuse unless leaf and place lead to the root of a list.
 * @param {ProofFault} fault
 * @param {Uint8Array} leaf
 * @param {ReturnType<typeof PLACE>} place
 * @param {Uint8Array} wanted
 */
function needRoot(fault, leaf, { index, size, neighbours }, wanted) {
  let current = sha256(Uint8Array.of(0), leaf);
  let used = 0;
  for (let at = index, last = size - 1n; last; at >>= 1n, last >>= 1n) {
    if (at % 2n === 0n && at >= last) continue;
    const beside = neighbours[used++] ?? new Uint8Array();
    current = at % 2n ? sha256(Uint8Array.of(1), beside, current) : sha256(Uint8Array.of(1), current, beside);
  }
  const fits = index < size && used === neighbours.length;
  need(fits, fault, "The number of neighbours does not fit index and size.");
  need(same(current, wanted), fault, `It leads to ${hex(current)}, and the header's ${fault} is another.`);
}

/**
 * @param {HistoryProof} proof
 * @param {Roots} roots
 */
function checkHistory({ state, steps }, roots) {
  const record = checkState(state, roots);
  let history = new Uint8Array(32);
  for (const { id, operation, receiptHash, height, time } of steps) {
    history = sha256(history, id, bigEndian(operation, 2), receiptHash, bigEndian(height, 8), bigEndian(time, 4));
  }
  const told = ("face" in record ? record.face : record.value)?.slice(-34) ?? new Uint8Array();
  const fits = same(told, join(Uint8Array.of(0xc4, 0x20), history));
  need(fits, "history", `The steps fold to ${hex(history)}, and the record does not end with that history.`);
  return { ...record, steps };
}
