/**
 * The light client: which headers of a network that runs on CometBFT are to be trusted. A module of its own, loaded when
 * a proof comes from such a network. Times are whole nanoseconds since 1970, as BigInt.
 */

import {
  HASH,
  Malformed,
  bigEndian,
  bytes,
  compare,
  decode,
  encode,
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
import { ED25519, verify } from "./keys.js";
import { sha256 } from "./sha256.js";

/** @typedef {import("./codec.js").Value} Value */

/**
 * @typedef {"form" | "chain" | "height" | "expired" | "time" | "block id" | "validators" | "commit" | "trust" | "power"
 *   | "signatures" | "conflict" | "app hash"} LightFault
 */

const SECOND = 10n ** 9n;
const LIGHT_BLOCK_BYTES_MAX = 16 * 1024;
const STORE_BYTES_MAX = 512 * 1024;
const BLOCKS_MAX = 64;
const PATH_BLOCKS_MAX = 1_000;
const KEPT_MAX = 32;
const TOTAL_POWER_MAX = 2n ** 60n - 1n;
const COMMIT = 2n;
const NIL = 3n;

/** How long a header is trusted, and how far its clock may be ahead of ours. */
export const BOUNDS = { trustingPeriod: 14n * 86_400n * SECOND, clockDrift: 10n * SECOND };

const HEIGHT = number(1n, 2n ** 48n);
const NANOSECONDS = number(0n, 2n ** 63n - 1n);

const CHAIN_NAME = /^[!-~]{1,50}$/;

/** @type {import("./codec.js").Shape<string>} */
const chainName = (value, where) => {
  if (typeof value === "string" && CHAIN_NAME.test(value)) return value;
  throw new Malformed(`${where} must be the name of a chain.`);
};

const BLOCK_ID = parts({ hash: HASH, parts: number(1n, 2n ** 32n - 1n), partsHash: HASH });
const COMET_HEADER = parts({
  version: parts({ block: number(11n, 11n), app: NANOSECONDS }),
  chainId: chainName,
  height: HEIGHT,
  time: NANOSECONDS,
  lastBlockId: maybe(BLOCK_ID),
  lastCommitHash: HASH,
  dataHash: HASH,
  validatorsHash: HASH,
  nextValidatorsHash: HASH,
  consensusHash: HASH,
  appHash: bytes(0, 64),
  lastResultsHash: HASH,
  evidenceHash: HASH,
  proposerAddress: bytes(20),
});
const VOTE = parts({ flag: number(COMMIT, NIL), time: NANOSECONDS, signature: bytes(64) });
const VOTES = parts({
  height: HEIGHT,
  round: number(0n, 2n ** 31n - 1n),
  blockId: BLOCK_ID,
  votes: list(maybe(VOTE), 1, 64),
});
const SET = list(parts({ publicKey: HASH, power: number(1n, TOTAL_POWER_MAX) }), 1, 64);
const LIGHT_BLOCK = withBytes(parts({ header: COMET_HEADER, commit: VOTES, validators: SET }));
const APP_STATE = parts({ stateRoot: HASH, resultsHeight: number(0n, 2n ** 48n), resultsRoot: HASH, resultsHeader: HASH });
const COMET_ANCHOR = parts({ tag: number(2n, 2n), blocks: list(LIGHT_BLOCK, 1, BLOCKS_MAX), state: APP_STATE });
const GENESIS_ROOT = parts({ tag: number(1n, 1n), time: NANOSECONDS, validators: SET });
const HEADER_ROOT = parts({ tag: number(2n, 2n), height: HEIGHT, hash: HASH });
const ROOT = parts({
  network: HASH,
  start: (value, where) =>
    Array.isArray(value) && value[0] === 1n ? GENESIS_ROOT(value, where) : HEADER_ROOT(value, where),
});
const STORE = parts({ form: number(1n, 1n), root: ROOT, blocks: list(LIGHT_BLOCK, 0, KEPT_MAX) });

/** @typedef {ReturnType<typeof BLOCK_ID>} BlockId */
/** @typedef {ReturnType<typeof COMET_HEADER>} CometHeader */
/** @typedef {ReturnType<typeof VOTE>} Vote */
/** @typedef {ReturnType<typeof VOTES>} Commit */
/** @typedef {ReturnType<typeof SET>} ValidatorSet */
/** @typedef {ReturnType<typeof LIGHT_BLOCK>} LightBlock */
/** @typedef {ReturnType<typeof ROOT>} Root where trust in a network begins: its genesis, or a header by height and hash */

/**
 * The light blocks that were checked, by rising height, and where trust begins.
 * @typedef {{ root: Root, blocks: LightBlock[] }} LightStore
 */

/**
 * What is known of a height that is trusted. At height 0 it is the genesis that is, and `hash` is empty.
 * @typedef {{ chainId: string, height: bigint, time: bigint, hash: Uint8Array, validators: ValidatorSet,
 *   nextValidatorsHash: Uint8Array }} LightTrust
 */

/** A light block that is not to be trusted: which rule it breaks, and how. */
export class LightWrong extends Error {
  name = "LightWrong";

  /**
   * @param {LightFault} fault
   * @param {string} message
   */
  constructor(fault, message) {
    super(message);
    this.fault = fault;
  }
}

/**
 * @param {boolean} holds
 * @param {LightFault} fault
 * @param {string} message
 */
function must(holds, fault, message) {
  if (!holds) throw new LightWrong(fault, message);
}

/**
 * Read bytes of a shape, up to a limit.
 * @template T
 * @param {Uint8Array} raw
 * @param {import("./codec.js").Shape<T>} shape
 * @param {number} limit
 */
function read(raw, shape, limit) {
  must(raw.length <= limit, "form", `It has ${raw.length} bytes; at most ${limit} are read.`);
  try {
    return decode(raw, shape);
  } catch (error) {
    if (error instanceof Malformed) throw new LightWrong("form", `Not the canonical form: ${error.message}`);
    throw error;
  }
}

/**
 * Read a light block; only its form is checked.
 * @param {Uint8Array} raw
 */
export const readLightBlock = (raw) => read(raw, LIGHT_BLOCK, LIGHT_BLOCK_BYTES_MAX);

// ------------------------------------------------------------------------------------------------- hashes and messages

/** @param {bigint} value */
function varint(value) {
  const row = [];
  for (; value > 127n; value >>= 7n) row.push(Number(value & 127n) | 128);
  return Uint8Array.from([...row, Number(value)]);
}

/**
 * A field that holds bytes, a text or a message.
 * @param {number} tag
 * @param {Uint8Array} content
 */
const field = (tag, content) => join(Uint8Array.of(tag), varint(BigInt(content.length)), content);

/**
 * A field that holds a number, which is left out when it is zero.
 * @param {number} tag
 * @param {bigint} value
 */
const figure = (tag, value) => (value ? join(Uint8Array.of(tag), varint(value)) : new Uint8Array());

/** @param {bigint} moment */
const stamp = (moment) => join(figure(0x08, moment / SECOND), figure(0x10, moment % SECOND));

/** @param {BlockId | null} blockId */
const blockIdBytes = (blockId) =>
  blockId
    ? join(field(0x0a, blockId.hash), field(0x12, join(figure(0x08, blockId.parts), field(0x12, blockId.partsHash))))
    : Uint8Array.of(0x12, 0);

/**
 * The root over a list, as RFC 6962 defines it.
 * @param {Uint8Array[]} leaves
 */
function rootOf(leaves) {
  let level = leaves.map((leaf) => sha256(Uint8Array.of(0), leaf));
  while (level.length > 1) {
    const above = [];
    for (let at = 0; at < level.length; at += 2) {
      above.push(at + 1 < level.length ? sha256(Uint8Array.of(1), level[at], level[at + 1]) : level[at]);
    }
    level = above;
  }
  return level[0];
}

/**
 * Hash a header of CometBFT: the root over its 14 fields, each a protobuf message of its own.
 * @param {CometHeader} header
 */
export const cometHeaderHash = (header) =>
  rootOf([
    join(figure(0x08, header.version.block), figure(0x10, header.version.app)),
    field(0x0a, utf8(header.chainId)),
    figure(0x08, header.height),
    stamp(header.time),
    blockIdBytes(header.lastBlockId),
    field(0x0a, header.lastCommitHash),
    field(0x0a, header.dataHash),
    field(0x0a, header.validatorsHash),
    field(0x0a, header.nextValidatorsHash),
    field(0x0a, header.consensusHash),
    header.appHash.length ? field(0x0a, header.appHash) : new Uint8Array(),
    field(0x0a, header.lastResultsHash),
    field(0x0a, header.evidenceHash),
    field(0x0a, header.proposerAddress),
  ]);

/**
 * Hash a set of validators in its order.
 * @param {ValidatorSet} validators
 */
export const validatorSetHash = (validators) =>
  rootOf(validators.map(({ publicKey, power }) => join(field(0x0a, field(0x0a, publicKey)), figure(0x10, power))));

/**
 * What a vote of a commit signs: a CanonicalVote behind its length.
 * @param {string} chainId
 * @param {Commit} commit
 * @param {Vote} vote
 */
function signedBytes(chainId, { height, round, blockId }, { flag, time }) {
  /** @type {(tag: number, value: bigint) => Uint8Array} */
  const fixed = (tag, value) => join(Uint8Array.of(tag), bigEndian(value, 8).reverse());
  const message = join(
    Uint8Array.of(0x08, 0x02),
    fixed(0x11, height),
    round ? fixed(0x19, round) : new Uint8Array(),
    flag === COMMIT ? field(0x22, blockIdBytes(blockId)) : new Uint8Array(),
    field(0x2a, stamp(time)),
    field(0x32, utf8(chainId)),
  );
  return join(varint(BigInt(message.length)), message);
}

/** @param {bigint[]} weights */
const sum = (weights) => weights.reduce((whole, weight) => whole + weight, 0n);

/** @param {ValidatorSet} validators */
const totalPower = (validators) => sum(validators.map(({ power }) => power));

/**
 * What those who voted for a block weigh: in its own set, or in another that is given. Nothing is checked.
 * @param {LightBlock} block
 * @param {ValidatorSet} [among]
 */
function powerFor({ validators, commit }, among = validators) {
  const weights = new Map(among.map(({ publicKey, power }) => [hex(publicKey), power]));
  const voted = validators.filter((_, count) => commit.votes[count]?.flag === COMMIT);
  return sum(voted.map(({ publicKey }) => weights.get(hex(publicKey)) ?? 0n));
}

// -------------------------------------------------------------------------------------------------------------- roots

/**
 * Begin with a genesis: what `trustGenesis` gave of it, and its time in seconds.
 * @param {{ network: Uint8Array, validators: { publicKey: Uint8Array, weight: bigint }[] }} trusted
 * @param {bigint} time
 * @returns {Root}
 */
export function rootByGenesis({ network, validators }, time) {
  /** @type {(key: Uint8Array) => Uint8Array} */
  const address = (key) => sha256(key).slice(0, 20);
  const ordered = validators
    .map(({ publicKey, weight }) => ({ publicKey, power: weight }))
    .sort((one, other) =>
      one.power === other.power
        ? compare(address(one.publicKey), address(other.publicKey))
        : Number(other.power > one.power) * 2 - 1,
    );
  return { network, start: { tag: 1n, time: time * SECOND, validators: ordered } };
}

/**
 * Begin with a header, named by its height and its hash.
 * @param {Uint8Array} network
 * @param {bigint} height
 * @param {Uint8Array} hash
 * @returns {Root}
 */
export const rootByHeader = (network, height, hash) => ({ network, start: { tag: 2n, height, hash } });

/** @param {Root} root */
const chainIdOf = ({ network }) => `sogdia-${hex(network).slice(0, 16)}`;

/**
 * Give the first trust that a root allows; when it begins with a header, that header's light block is needed.
 * @param {Root} root
 * @param {LightBlock} [block]
 * @returns {Promise<LightTrust>}
 */
export async function firstTrust(root, block) {
  const { start } = root;
  const chainId = chainIdOf(root);
  if ("validators" in start) {
    const { time, validators } = start;
    const nextValidatorsHash = validatorSetHash(validators);
    return { chainId, height: 0n, time, hash: new Uint8Array(), validators, nextValidatorsHash };
  }
  if (!block)
    throw new LightWrong("height", `The light block of the trusted header, height ${start.height}, is needed.`);
  const hash = checkForm(chainId, block);
  must(block.header.height === start.height, "height", `It is of height ${block.header.height}.`);
  must(same(hash, start.hash), "block id", `Its header has the hash ${hex(hash)}, not the trusted one.`);
  await checkVotes(block);
  return trustIn(block);
}

/**
 * Give trust in a light block that was checked before.
 * @param {LightBlock} block
 * @returns {LightTrust}
 */
export function trustIn({ header, validators }) {
  const { chainId, height, time, nextValidatorsHash } = header;
  return { chainId, height, time, hash: cometHeaderHash(header), validators, nextValidatorsHash };
}

// -------------------------------------------------------------------------------------------------------------- steps

/**
 * Give trust in a light block that follows from trust in an earlier height. The fault `trust` says that the block may be
 * good, but too few of the trusted validators voted for it: ask for one between the two.
 * @param {LightTrust} trust
 * @param {LightBlock} block
 * @param {bigint} now
 * @param {typeof BOUNDS} [bounds]
 */
export async function verifyNext(trust, block, now, { trustingPeriod, clockDrift } = BOUNDS) {
  const { header } = block;
  must(trust.time + trustingPeriod > now, "expired", `Height ${trust.height} is no longer trusted.`);
  checkForm(trust.chainId, block);
  must(header.height > trust.height, "height", `Height ${header.height} is not after the trusted ${trust.height}.`);
  // The first block's time is that of the genesis itself.
  const later = header.time > trust.time || (header.time === trust.time && trust.height === 0n);
  must(later, "time", `Its time ${header.time} is not after the trusted ${trust.time}.`);
  must(header.time < now + clockDrift, "time", `Its time ${header.time} is in the future; it is ${now}.`);
  if (header.height === trust.height + 1n) {
    const announced = same(header.validatorsHash, trust.nextValidatorsHash);
    must(announced, "validators", `Height ${header.height} has other validators than were announced for it.`);
  } else must(bridges(trust.validators, block), "trust", `A third or less of the trusted weight voted for it.`);
  await checkVotes(block);
  return trustIn(block);
}

/**
 * @param {ValidatorSet} trusted
 * @param {LightBlock} block
 */
const bridges = (trusted, block) => powerFor(block, trusted) * 3n > totalPower(trusted);

/**
 * Move trust along light blocks; gives the trust in the last.
 * @param {LightTrust} trust
 * @param {LightBlock[]} blocks
 * @param {bigint} now
 * @param {typeof BOUNDS} [bounds]
 */
export async function follow(trust, blocks, now, bounds) {
  for (const block of blocks) trust = await verifyNext(trust, block, now, bounds);
  return trust;
}

/**
 * Move trust to a light block over as few others as will do, which a provider gives by their height. Gives those that
 * trust went over, the wanted one last.
 * @param {LightTrust} trust
 * @param {LightBlock} target
 * @param {bigint} now
 * @param {(height: bigint) => Promise<LightBlock> | LightBlock} provider
 * @param {typeof BOUNDS} [bounds]
 */
export async function reach(trust, target, now, provider, bounds) {
  must(target.header.height > trust.height, "height", `Height ${target.header.height} is not after the trusted one.`);
  const found = [];
  const waiting = [target];
  let { height, validators } = trust;
  for (let asked = 0; waiting.length;) {
    const place = waiting.findIndex((block) => block.header.height === height + 1n || bridges(validators, block));
    if (place >= 0) {
      found.push(waiting[place]);
      ({ validators } = waiting[place]);
      ({ height } = waiting[place].header);
      waiting.length = place;
    } else {
      const middle = (height + waiting[waiting.length - 1].header.height) / 2n;
      must(asked++ < PATH_BLOCKS_MAX, "trust", `${PATH_BLOCKS_MAX} light blocks did not lead there.`);
      const block = await provider(middle);
      must(block.header.height === middle, "trust", `Asked for height ${middle}, and got ${block.header.height}.`);
      waiting.push(block);
    }
  }
  await follow(trust, found, now, bounds);
  return found;
}

/**
 * Refuse a light block whose parts do not belong together or to the chain; give its header's hash.
 * @param {string} chainId
 * @param {LightBlock} block
 */
function checkForm(chainId, { header, commit, validators }) {
  must(header.chainId === chainId, "chain", `It is of chain ${header.chainId}, not of ${chainId}.`);
  must(commit.height === header.height, "commit", `A commit of height ${commit.height} stands beside the header.`);
  const hash = cometHeaderHash(header);
  must(same(hash, commit.blockId.hash), "block id", `The votes are for another block than ${hex(hash)}.`);
  const count = `${commit.votes.length} entries of ${validators.length} validators.`;
  must(commit.votes.length === validators.length, "commit", count);
  const keys = new Set(validators.map(({ publicKey }) => hex(publicKey)));
  must(keys.size === validators.length, "validators", "A validator stands in the set twice.");
  must(totalPower(validators) <= TOTAL_POWER_MAX, "validators", `A set weighs at most ${TOTAL_POWER_MAX}.`);
  const fits = same(validatorSetHash(validators), header.validatorsHash);
  must(fits, "validators", `These are not the validators of height ${header.height}, or in another order.`);
  return hash;
}

/**
 * Refuse a light block that not more than two thirds voted for, or with a vote that is not its validator's.
 * @param {LightBlock} block
 */
async function checkVotes(block) {
  const { header, commit, validators } = block;
  const enough = powerFor(block) * 3n > totalPower(validators) * 2n;
  must(enough, "power", `Two thirds or less of the weight of height ${header.height} voted for it.`);
  const right = await Promise.all(
    commit.votes.map(
      (vote, count) =>
        !vote ||
        verify(ED25519, validators[count].publicKey, signedBytes(header.chainId, commit, vote), vote.signature),
    ),
  );
  must(!right.includes(false), "signatures", `Vote ${right.indexOf(false)} on it is not by its validator.`);
}

// ------------------------------------------------------------------------------------------------- anchors and stores

/**
 * Follow an anchor's light blocks from the newest trusted height before its header, and open its app hash. Gives what
 * that header says of the state before it, and the store that now begins from there.
 * @param {Uint8Array} raw
 * @param {LightStore} store
 * @param {bigint} now
 * @param {typeof BOUNDS} [bounds]
 */
export async function checkAnchor(raw, store, now, bounds) {
  const { blocks, state } = read(raw, COMET_ANCHOR, BLOCKS_MAX * LIGHT_BLOCK_BYTES_MAX);
  const rising = blocks.every(({ header }, count) => !count || header.height > blocks[count - 1].header.height);
  must(rising, "form", "Its light blocks have heights that do not rise.");
  const { header } = blocks[blocks.length - 1];
  const known = store.blocks.map(trustIn);
  let checked;
  if ("hash" in store.root.start && !known.length) {
    const { height } = store.root.start;
    const first = blocks.find((block) => block.header.height === height);
    const trust = await firstTrust(store.root, first);
    checked = [/** @type {LightBlock} */ (first), ...(await followed(blocks, [trust], now, bounds))];
  } else {
    const all = "hash" in store.root.start ? known : [await firstTrust(store.root), ...known];
    checked = await followed(blocks, all, now, bounds);
  }
  const said = sha256(
    utf8("sogdia/app"),
    state.stateRoot,
    bigEndian(state.resultsHeight, 8),
    state.resultsRoot,
    state.resultsHeader,
  );
  must(same(said, header.appHash), "app hash", "Its roots are not those that its header stands for.");
  const { network } = store.root;
  const { stateRoot, resultsHeight, resultsRoot } = state;
  const roots = {
    network,
    height: header.height - 1n,
    time: header.time / SECOND,
    stateRoot,
    resultsHeight,
    resultsRoot,
    previous: header.lastBlockId ? header.lastBlockId.hash : new Uint8Array(),
  };
  return { roots, store: withBlocks(store, checked) };
}

/**
 * Give the light blocks that had to be checked until the last of them was trusted.
 * @param {LightBlock[]} blocks
 * @param {LightTrust[]} known
 * @param {bigint} now
 * @param {typeof BOUNDS} [bounds]
 */
async function followed(blocks, known, now, bounds) {
  const target = trustIn(blocks[blocks.length - 1]);
  if (known.some(({ hash }) => same(hash, target.hash))) return [];
  const starts = known.filter(({ height }) => height < target.height);
  must(starts.length > 0, "height", `Height ${target.height} lies before all that is trusted; ask for a newer proof.`);
  let tooFar;
  for (const start of starts.reverse()) {
    const later = blocks.filter((block) => block.header.height > start.height);
    try {
      await follow(start, later, now, bounds);
      return later;
    } catch (error) {
      if (!(error instanceof LightWrong && error.fault === "trust")) throw error;
      tooFar ??= error;
    }
  }
  throw tooFar;
}

/**
 * Give a store that holds more light blocks, each of them checked. Two headers of one height, both rightly signed, mean
 * that nothing of the network can be believed any more.
 * @param {LightStore} store
 * @param {LightBlock[]} checked
 * @returns {LightStore}
 */
export function withBlocks({ root, blocks }, checked) {
  const known = new Map(blocks.map((block) => [block.header.height, block]));
  for (const block of checked) {
    const { height } = block.header;
    const other = known.get(height) ?? block;
    const one = same(trustIn(other).hash, trustIn(block).hash);
    must(one, "conflict", `Height ${height} has two headers that validators signed. Keep both; they convict.`);
    known.set(height, other);
  }
  const ordered = [...known.values()].sort((one, other) => Number(one.header.height - other.header.height));
  const kept = ordered.length <= KEPT_MAX ? ordered : [ordered[0], ...ordered.slice(1 - KEPT_MAX)];
  return { root, blocks: kept };
}

/**
 * Write a store, to be kept where the program keeps what is its own.
 * @param {LightStore} store
 */
export function storeBytes({ root: { network, start }, blocks }) {
  const begin =
    "hash" in start
      ? [2n, start.height, start.hash]
      : [1n, start.time, start.validators.map(({ publicKey, power }) => [publicKey, power])];
  const content = encode([1n, [network, begin], blocks.map(({ raw }) => decode(raw))]);
  return join(sha256(content), content);
}

/**
 * Read a store that begins with `root`.
 * @param {Uint8Array} raw
 * @param {Root} root
 * @returns {LightStore}
 */
export function readStore(raw, root) {
  const content = raw.slice(32);
  must(same(sha256(content), raw.slice(0, 32)), "form", "The store is damaged; begin anew with the genesis or header.");
  const store = read(content, STORE, STORE_BYTES_MAX);
  const empty = { root, blocks: [] };
  const alike = same(storeBytes({ root: store.root, blocks: [] }), storeBytes(empty));
  must(alike, "form", "The store begins with another genesis or header.");
  return { root, blocks: store.blocks };
}
