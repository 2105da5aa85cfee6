/**
 * CometBFT's headers and what stands beside them, as the wire carries them; their hashes, and what is signed. Times are
 * whole nanoseconds since 1970, as BigInt.
 */

import { Malformed, bigEndian, hex, join, utf8 } from "./codec.js";
import { sha256 } from "./sha256.js";
import { HASH, bytes, list, maybe, number, parts, withBytes } from "./shapes.js";

export const SECOND = 10n ** 9n;
export const LIGHT_BLOCK_BYTES_MAX = 16 * 1024;
export const BLOCKS_MAX = 64;
export const TOTAL_POWER_MAX = 2n ** 60n - 1n;
const COMMIT = 2n;
const NIL = 3n;

export const BLOCK_HEIGHT = number(1n, 2n ** 48n);
export const NANOSECONDS = number(0n, 2n ** 63n - 1n);

const CHAIN_NAME = /^[!-~]{1,50}$/;

/** @type {import("./codec.js").Shape<string>} */
const chainName = (value, where) => {
  if (typeof value === "string" && CHAIN_NAME.test(value)) return value;
  throw new Malformed(`${where} must be the name of a chain.`);
};

const BLOCK_ID = parts({ hash: HASH, parts: number(1n, 2n ** 32n - 1n), partsHash: HASH });
export const COMET_HEADER = parts({
  version: parts({ block: number(11n, 11n), app: NANOSECONDS }),
  chainId: chainName,
  height: BLOCK_HEIGHT,
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
  height: BLOCK_HEIGHT,
  round: number(0n, 2n ** 31n - 1n),
  blockId: BLOCK_ID,
  votes: list(maybe(VOTE), 1, 64),
});
export const VALIDATOR_SET = list(parts({ publicKey: HASH, power: number(1n, TOTAL_POWER_MAX) }), 1, 64);
export const LIGHT_BLOCK = withBytes(parts({ header: COMET_HEADER, commit: VOTES, validators: VALIDATOR_SET }));
const BLOCK = parts({ engine: number(2n, 2n), header: COMET_HEADER });

/**
 * A block by its header, as a receipt's proof shows it.
 * @type {import("./codec.js").Shape<import("./proofs.js").Block>}
 */
export const COMET_BLOCK = (value, where) => {
  const { header } = BLOCK(value, where);
  return { hash: cometHeaderHash(header), time: header.time / SECOND, transactionsRoot: header.dataHash };
};

const APP_STATE = parts({ stateRoot: HASH, resultsHeight: number(0n, 2n ** 48n), resultsRoot: HASH, resultsHeader: HASH });
export const COMET_ANCHOR = parts({ tag: number(2n, 2n), blocks: list(LIGHT_BLOCK, 1, BLOCKS_MAX), state: APP_STATE });
/** @typedef {ReturnType<typeof BLOCK_ID>} BlockId */
/** @typedef {ReturnType<typeof COMET_HEADER>} CometHeader */
/** @typedef {ReturnType<typeof VOTE>} Vote */
/** @typedef {ReturnType<typeof VOTES>} Commit */
/** @typedef {ReturnType<typeof VALIDATOR_SET>} ValidatorSet */
/** @typedef {ReturnType<typeof LIGHT_BLOCK>} LightBlock */

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
export function signedBytes(chainId, { height, round, blockId }, { flag, time }) {
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
export const totalPower = (validators) => sum(validators.map(({ power }) => power));

/**
 * What those who voted for a block weigh: in its own set, or in another that is given. Nothing is checked.
 * @param {LightBlock} block
 * @param {ValidatorSet} [among]
 */
export function powerFor({ validators, commit }, among = validators) {
  const weights = new Map(among.map(({ publicKey, power }) => [hex(publicKey), power]));
  const voted = validators.filter((_, count) => commit.votes[count]?.flag === COMMIT);
  return sum(voted.map(({ publicKey }) => weights.get(hex(publicKey)) ?? 0n));
}

/**
 * Whether more than a third of a set's weight voted for a block.
 * @param {ValidatorSet} trusted
 * @param {LightBlock} block
 */
export const bridges = (trusted, block) => powerFor(block, trusted) * 3n > totalPower(trusted);
