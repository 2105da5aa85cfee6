/** The light client for networks on CometBFT, loaded when a proof comes from one. */

export {
  BOUNDS,
  LightWrong,
  checkAnchor,
  cometHeaderHash,
  firstTrust,
  follow,
  reach,
  readLightBlock,
  readStore,
  rootByGenesis,
  rootByHeader,
  storeBytes,
  trustIn,
  validatorSetHash,
  verifyNext,
  withBlocks,
} from "./light.js";
