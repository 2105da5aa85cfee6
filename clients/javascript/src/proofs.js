/** Proofs, checked offline by one who trusts a network and the validators that sign its headers, and nobody else. */

import {
  HASH,
  INDEX,
  Malformed,
  TIME,
  bigEndian,
  bytes,
  compare,
  decode,
  encode,
  fromHex,
  hex,
  join,
  list,
  maybe,
  number,
  parts,
  same,
  utf8,
  withBytes,
} from "./codec.js";
import { idOf, readEnvelope } from "./envelopes.js";
import { ED25519, verify } from "./keys.js";
import { readJson } from "./json.js";
import { sha256 } from "./sha256.js";

/** @typedef {import("./codec.js").Value} Value */

/**
 * A network, by its genesis hash, and who is trusted to sign its headers from the height `since` on.
 * @typedef {{ network: Uint8Array, validators: { publicKey: Uint8Array, weight: bigint }[], since: bigint }} Trust
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
/** The engine of the network: 1 is the embedded one. */
const ENGINE = number(1n, 1n);
const ANCHOR = parts({ engine: ENGINE, handovers: HANDOVERS, signed: SIGNED_HEADER });
const SIZE = 2n ** 32n - 1n;
const PLACE = parts({ index: number(0n, SIZE), size: number(1n, SIZE), neighbours: list(HASH, 0, 32) });
const RECORD = { anchor: ANCHOR, table: number(1n, 255n), key: bytes(0, 255) };
const BUCKET = { entries: bytes(0, 1024), levels: list(bytes(480), 0, 64) };
const FRONT = 17;
const STORED = maybe(bytes(FRONT + 1, PROOF_BYTES_MAX));
const STATE = parts({ kind: number(1n, 1n), ...RECORD, stored: STORED, ...BUCKET });
const FACE = parts({ kind: number(4n, 4n), ...RECORD, face: bytes(1, 255), rest: HASH, ...BUCKET });
const RECEIPT = parts({
  kind: number(2n, 2n),
  anchor: ANCHOR,
  id: HASH,
  receipt: ANY,
  place: PLACE,
  envelope: maybe(ANY),
  block: maybe(parts({ engine: ENGINE, header: HEADER })),
  included: maybe(PLACE),
});
const STEP = parts({ id: HASH, operation: INDEX, receiptHash: HASH, height: HEIGHT, time: TIME });
/** @type {import("./codec.js").Shape<StateProof | FaceProof>} */
const EITHER = (value, where) => (Array.isArray(value) && value[0] === 4n ? FACE : STATE)(value, where);
const HISTORY = parts({ kind: number(3n, 3n), state: EITHER, steps: list(STEP, 1, PROOF_BYTES_MAX) });

/** @typedef {ReturnType<typeof HEADER>} Header */
/** @typedef {ReturnType<typeof STATE>} StateProof */
/** @typedef {ReturnType<typeof FACE>} FaceProof */
/** @typedef {ReturnType<typeof RECEIPT>} ReceiptProof */
/** @typedef {ReturnType<typeof HISTORY>} HistoryProof */

/** A proof that proves nothing: which part of it does not fit, and to what. */
export class ProofWrong extends Error {
  name = "ProofWrong";

  /**
   * @param {ProofFault} fault
   * @param {string} message
   */
  constructor(fault, message) {
    super(message);
    this.fault = fault;
  }
}

/** The genesis of a network for trials where nobody has said that trials are meant. */
export class SandboxRefused extends Error {
  name = "SandboxRefused";
}

/**
 * @param {boolean} holds
 * @param {ProofFault} fault
 * @param {string} message
 */
function need(holds, fault, message) {
  if (!holds) throw new ProofWrong(fault, message);
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
  const validators = content instanceof Map ? content.get("validators") : null;
  if (!Array.isArray(validators) || !validators.length)
    throw new Malformed("This is no genesis: it names no validators.");
  return trust(sha256(utf8("sogdia/genesis"), encode(sorted(content))), validators);
}

/**
 * Read a file of trusted keys, as `sogdia` writes it.
 * @param {string} text
 * @returns {Trust}
 */
export function trustFile(text) {
  const content = readJson(text);
  const [network, validators, since = 1n] = ["network", "validators", "since"].map((name) =>
    content instanceof Map ? content.get(name) : null,
  );
  if (typeof network !== "string" || !Array.isArray(validators))
    throw new Malformed("This is no file of trusted keys.");
  return { ...trust(HASH(fromHex(network), "network"), validators), since: number(1n, 2n ** 48n)(since, "since") };
}

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
 * Move trust along the changes of validators that an anchor shows, then give the header that it leads to.
 * @param {ReturnType<typeof ANCHOR>} anchor
 * @param {Trust} trusted
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
  return trustHeader(signed, trusted);
}

// ----------------------------------------------------------------------------------------------------------- checking

/**
 * What a proof proves: of a record, of what anybody may see of one, of a receipt, or of a record's whole life.
 * @typedef {Awaited<ReturnType<typeof checkProof>>} Proven
 */

/**
 * Check a proof of any kind and say what it proves; throws `ProofWrong` when it proves nothing.
 * @param {Uint8Array} raw
 * @param {Trust} trusted
 */
export async function checkProof(raw, trusted) {
  const proof = readProof(raw);
  const header = await trustAnchor("state" in proof ? proof.state.anchor : proof.anchor, trusted);
  if ("state" in proof) return { kind: /** @type {const} */ ("history"), ...checkHistory(proof, header) };
  if ("face" in proof) return { kind: /** @type {const} */ ("face"), ...checkState(proof, header) };
  if ("table" in proof) return { kind: /** @type {const} */ ("record"), ...checkState(proof, header) };
  return { kind: /** @type {const} */ ("receipt"), ...checkReceipt(proof, header) };
}

/**
 * @param {Uint8Array} raw
 * @returns {StateProof | ReceiptProof | HistoryProof | FaceProof}
 */
function readProof(raw) {
  need(raw.length <= PROOF_BYTES_MAX, "form", `It has ${raw.length} bytes; at most ${PROOF_BYTES_MAX} are read.`);
  return formed("form", () => {
    if (raw[1] === 1) return decode(raw, STATE);
    if (raw[1] === 4) return decode(raw, FACE);
    return raw[1] === 2 ? decode(raw, RECEIPT) : decode(raw, HISTORY);
  });
}

/**
 * Read something, and give its fault a name if its form is wrong.
 * @template T
 * @param {ProofFault} fault
 * @param {() => T} read
 * @returns {T}
 */
function formed(fault, read) {
  try {
    return read();
  } catch (error) {
    if (error instanceof Malformed) throw new ProofWrong(fault, `Not the canonical form: ${error.message}`);
    throw error;
  }
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
 * @param {Header} header
 */
function checkState(proof, header) {
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
  need(same(root, header.stateRoot), "state root", `Bucket and levels lead to ${hex(root)}, not to the header's root.`);
  return { network: header.network, table, key, ...shown, height: header.height - 1n, time: header.time, root };
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
 * @param {Header} header
 */
function checkReceipt({ id, receipt, place, envelope, block, included }, header) {
  const before = block && block.header;
  if (envelope !== null) {
    const { body, signatures } = formed("envelope", () => readEnvelope(envelope));
    need(signatures.length === body.signers.length, "envelope", "The envelope has not one signature a signer.");
    need(same(idOf(header.network, body.raw), id), "envelope", "The envelope has another id than the proof says.");
  }
  needRoot("results root", join(id, sha256(receipt)), place, header.resultsRoot);
  if (before !== null) {
    need(same(hashOf(before), header.previous), "header", "The trusted header does not link back to the block's own.");
  }
  if (included !== null) {
    if (!before || !envelope) throw new ProofWrong("form", "A second place needs the envelope and the block's header.");
    needRoot("transactions root", sha256(envelope), included, before.transactionsRoot);
  }
  return {
    network: header.network,
    id,
    receipt,
    height: header.height - 1n,
    time: before && before.time,
    sealedAt: header.time,
    root: header.resultsRoot,
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
 * @param {Header} header
 */
function checkHistory({ state, steps }, header) {
  const record = checkState(state, header);
  let history = new Uint8Array(32);
  for (const { id, operation, receiptHash, height, time } of steps) {
    history = sha256(history, id, bigEndian(operation, 2), receiptHash, bigEndian(height, 8), bigEndian(time, 4));
  }
  const told = ("face" in record ? record.face : record.value)?.slice(-34) ?? new Uint8Array();
  const fits = same(told, join(Uint8Array.of(0xc4, 0x20), history));
  need(fits, "history", `The steps fold to ${hex(history)}, and the record does not end with that history.`);
  return { ...record, steps };
}
