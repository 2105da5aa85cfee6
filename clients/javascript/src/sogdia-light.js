/** The light client for networks on CometBFT, loaded when a proof comes from one. */

export { cometHeaderHash, validatorSetHash } from "./comet.js";
export { checkAnchor, checkNetworkProof, follow, reach } from "./following.js";
export { readStore, storeBytes, withBlocks } from "./light-store.js";
export {
  BOUNDS,
  LightWrong,
  firstTrust,
  readLightBlock,
  rootByGenesis,
  rootByHeader,
  trustIn,
  verifyNext,
} from "./light.js";
