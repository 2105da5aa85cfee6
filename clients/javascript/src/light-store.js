/** The light blocks that were checked, so that each check starts from the last of them. */

import { decode, encode, join, same } from "./codec.js";
import { LIGHT_BLOCK } from "./comet.js";
import { ROOT, must, readUpTo, trustIn } from "./light.js";
import { sha256 } from "./sha256.js";
import { list, number, parts } from "./shapes.js";

const STORE_BYTES_MAX = 512 * 1024;
const KEPT_MAX = 32;

const STORE = parts({ form: number(1n, 1n), root: ROOT, blocks: list(LIGHT_BLOCK, 0, KEPT_MAX) });

/** @typedef {import("./comet.js").LightBlock} LightBlock */
/** @typedef {import("./light.js").Root} Root */

/**
 * The light blocks that were checked, by rising height, and where trust begins.
 * @typedef {{ root: Root, blocks: LightBlock[] }} LightStore
 */

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
  const store = readUpTo(content, STORE, STORE_BYTES_MAX);
  const empty = { root, blocks: [] };
  const alike = same(storeBytes({ root: store.root, blocks: [] }), storeBytes(empty));
  must(alike, "form", "The store begins with another genesis or header.");
  return { root, blocks: store.blocks };
}
