/** The check of one light block of a network on CometBFT by another that is trusted, and where such trust begins. */

import { compare, decode, hex, same } from "./codec.js";
import {
  BLOCK_HEIGHT,
  LIGHT_BLOCK,
  LIGHT_BLOCK_BYTES_MAX,
  NANOSECONDS,
  SECOND,
  TOTAL_POWER_MAX,
  VALIDATOR_SET,
  bridges,
  cometHeaderHash,
  powerFor,
  signedBytes,
  totalPower,
  validatorSetHash,
} from "./comet.js";
import { Faulty, formed, needing } from "./faults.js";
import { ED25519, verify } from "./keys.js";
import { sha256 } from "./sha256.js";
import { HASH, TIME, number, parts } from "./shapes.js";

/** @typedef {import("./comet.js").LightBlock} LightBlock */
/** @typedef {import("./comet.js").ValidatorSet} ValidatorSet */

/**
 * @typedef {"form" | "chain" | "height" | "expired" | "time" | "block id" | "validators" | "commit" | "trust" | "power"
 *   | "signatures" | "conflict" | "app hash"} LightFault
 */

/** How long a header is trusted, and how far its clock may be ahead of ours. */
export const BOUNDS = { trustingPeriod: 14n * 86_400n * SECOND, clockDrift: 10n * SECOND };

const GENESIS_ROOT = parts({ tag: number(1n, 1n), time: NANOSECONDS, validators: VALIDATOR_SET });
const HEADER_ROOT = parts({ tag: number(2n, 2n), height: BLOCK_HEIGHT, hash: HASH });
export const ROOT = parts({
  network: HASH,
  start: (value, where) =>
    Array.isArray(value) && value[0] === 1n ? GENESIS_ROOT(value, where) : HEADER_ROOT(value, where),
});

/** @typedef {ReturnType<typeof ROOT>} Root where trust in a network begins: its genesis, or a header by height and hash */

/**
 * What is known of a height that is trusted. At height 0 it is the genesis that is, and `hash` is empty.
 * @typedef {{ chainId: string, height: bigint, time: bigint, hash: Uint8Array, validators: ValidatorSet,
 *   nextValidatorsHash: Uint8Array }} LightTrust
 */

/**
 * A light block that is not to be trusted: which rule it breaks, and how.
 * @extends {Faulty<LightFault>}
 */
export class LightWrong extends Faulty {
  name = "LightWrong";
}

export const must = needing(LightWrong);

/**
 * Read bytes of a shape, up to a limit.
 * @template T
 * @param {Uint8Array} raw
 * @param {import("./codec.js").Shape<T>} shape
 * @param {number} limit
 */
export function readUpTo(raw, shape, limit) {
  must(raw.length <= limit, "form", `It has ${raw.length} bytes; at most ${limit} are read.`);
  return formed(LightWrong, "form", () => decode(raw, shape));
}

/**
 * Read a light block; only its form is checked.
 * @param {Uint8Array} raw
 */
export const readLightBlock = (raw) => readUpTo(raw, LIGHT_BLOCK, LIGHT_BLOCK_BYTES_MAX);

// -------------------------------------------------------------------------------------------------------------- roots

/**
 * Begin with a genesis: what `trustGenesis` gave of it.
 * @param {import("./proofs.js").Trust} trusted
 * @returns {Root}
 */
export function rootByGenesis({ network, validators, time, engine }) {
  must(engine === "cometbft", "form", "It is no genesis of a network on CometBFT.");
  /** @type {(key: Uint8Array) => Uint8Array} */
  const address = (key) => sha256(key).slice(0, 20);
  const ordered = validators
    .map(({ publicKey, weight }) => ({ publicKey, power: weight }))
    .sort((one, other) =>
      one.power === other.power
        ? compare(address(one.publicKey), address(other.publicKey))
        : Number(other.power > one.power) * 2 - 1,
    );
  return { network, start: { tag: 1n, time: TIME(time ?? null, "time") * SECOND, validators: ordered } };
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
