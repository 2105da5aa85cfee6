/**
 * Judges light blocks and anchors, one line of JSON each, with the JavaScript light client given as the first argument.
 * Bytes are hexadecimal text and integers are decimal text.
 */

import { createInterface } from "node:readline";

const light = await import(process.argv[2]);

const bytes = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (row) => Array.from(row, (byte) => byte.toString(16).padStart(2, "0")).join("");
const shown = (value) => {
  if (value instanceof Uint8Array) return hex(value);
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(shown);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shown(member)]));
};
const boundsOf = ({ trusting_period, clock_drift }) => ({
  trustingPeriod: BigInt(trusting_period),
  clockDrift: BigInt(clock_drift),
});
const rootOf = ({ network, time, validators, height, hash }) =>
  validators
    ? light.rootByGenesis(
        {
          network: bytes(network),
          validators: validators.map(([key, weight]) => ({ publicKey: bytes(key), weight: BigInt(weight) })),
          since: 1n,
          time: BigInt(time),
          engine: "cometbft",
        },
      )
    : light.rootByHeader(bytes(network), BigInt(height), bytes(hash));

const QUESTIONS = {
  step: async ({ trusted, raw, now, ...bounds }) => {
    const trust = light.trustIn(light.readLightBlock(bytes(trusted)));
    const { height, hash } = await light.verifyNext(
      trust,
      light.readLightBlock(bytes(raw)),
      BigInt(now),
      boundsOf(bounds),
    );
    return shown({ height, hash });
  },
  anchor: async ({ root, stored, raw, now, ...bounds }) => {
    const begin = rootOf(root);
    const store = stored ? light.readStore(bytes(stored), begin) : { root: begin, blocks: [] };
    const found = await light.checkAnchor(bytes(raw), store, BigInt(now), boundsOf(bounds));
    return { roots: shown(found.roots), stored: hex(light.storeBytes(found.store)) };
  },
  altered_everywhere: async ({ root, raw, now, bits, first, step, ...bounds }) => {
    const right = bytes(raw);
    const held = [];
    for (let place = first; place < right.length; place += step) {
      const other = right.with(place, right[place] ^ bits);
      const store = { root: rootOf(root), blocks: [] };
      const judged = await light
        .checkNetworkProof(other, store, BigInt(now), boundsOf(bounds))
        .then(() => "held", (error) => (error.name === "ProofWrong" ? "refused" : String(error)));
      if (judged !== "refused") held.push([place, judged]);
    }
    return held;
  },
  proof: async ({ root, raw, now, ...bounds }) => {
    const store = { root: rootOf(root), blocks: [] };
    return shown((await light.checkNetworkProof(bytes(raw), store, BigInt(now), boundsOf(bounds))).proven);
  },
  reach: async ({ trusted, blocks, target, now, ...bounds }) => {
    const given = new Map(Object.entries(blocks).map(([height, raw]) => [BigInt(height), raw]));
    const read = (height) => light.readLightBlock(bytes(given.get(height)));
    const trust = light.trustIn(light.readLightBlock(bytes(trusted)));
    const found = await light.reach(trust, read(BigInt(target)), BigInt(now), read, boundsOf(bounds));
    return found.map(({ header }) => Number(header.height));
  },
  root: async ({ root }) => hex(light.storeBytes({ root: rootOf(root), blocks: [] })),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { question, ...parts } = JSON.parse(line);
  let answer;
  try {
    answer = { answer: await QUESTIONS[question](parts) };
  } catch (error) {
    answer = { error: error.name, fault: error.fault ?? null, where: null, message: error.message };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
