/** How trust moves over light blocks: from one to another, along the anchor of a proof, and to what the proof proves. */

import { bigEndian, same, utf8 } from "./codec.js";
import {
  BLOCKS_MAX,
  COMET_ANCHOR,
  COMET_BLOCK,
  LIGHT_BLOCK_BYTES_MAX,
  SECOND,
  bridges,
  powerFor,
  totalPower,
} from "./comet.js";
import { LightWrong, firstTrust, must, readUpTo, trustIn, verifyNext } from "./light.js";
import { withBlocks } from "./light-store.js";
import { ProofWrong, proveBy } from "./proofs.js";
import { sha256 } from "./sha256.js";

/** @typedef {import("./comet.js").LightBlock} LightBlock */
/** @typedef {import("./light.js").LightTrust} LightTrust */
/** @typedef {import("./light-store.js").LightStore} LightStore */
/** @typedef {typeof import("./light.js").BOUNDS} Bounds */

const PATH_BLOCKS_MAX = 1_000;

/**
 * Move trust along light blocks; gives the trust in the last.
 * @param {LightTrust} trust
 * @param {LightBlock[]} blocks
 * @param {bigint} now
 * @param {Bounds} [bounds]
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
 * @param {Bounds} [bounds]
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
 * Check a proof of any kind that leads to a header of CometBFT. Gives what it proves, the header with the weight of those
 * who voted for it and of all, and the store that now begins from there; throws `ProofWrong` when it proves nothing.
 * @param {Uint8Array} raw
 * @param {LightStore} store
 * @param {bigint} now
 * @param {Bounds} [bounds]
 */
export async function checkNetworkProof(raw, store, now, bounds) {
  /** @type {LightBlock[]} */
  let blocks = [];
  const proven = await proveBy(raw, {
    anchor(value, where) {
      const anchor = COMET_ANCHOR(value, where);
      ({ blocks } = anchor);
      return async () => {
        const found = await openAnchor(anchor, store, now, bounds).catch((error) => {
          if (!(error instanceof LightWrong)) throw error;
          throw new ProofWrong("header", `Its header is not to be trusted: ${error.message} (${error.fault})`);
        });
        ({ store } = found);
        return found.roots;
      };
    },
    block: COMET_BLOCK,
  });
  const last = blocks[blocks.length - 1];
  const header = { ...trustIn(last), voted: powerFor(last), power: totalPower(last.validators) };
  return { proven, header, store };
}

/**
 * Check the anchor of a proof, by itself. Gives what its header says of the state before it, and the store that now
 * begins from there.
 * @param {Uint8Array} raw
 * @param {LightStore} store
 * @param {bigint} now
 * @param {Bounds} [bounds]
 */
export const checkAnchor = async (raw, store, now, bounds) =>
  openAnchor(readUpTo(raw, COMET_ANCHOR, BLOCKS_MAX * LIGHT_BLOCK_BYTES_MAX), store, now, bounds);

/**
 * Follow an anchor's light blocks from the newest trusted height before its header, and open its app hash.
 * @param {ReturnType<typeof COMET_ANCHOR>} anchor
 * @param {LightStore} store
 * @param {bigint} now
 * @param {Bounds} [bounds]
 */
async function openAnchor({ blocks, state }, store, now, bounds) {
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
 * @param {Bounds} [bounds]
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
