// fast-check with a seed that is the same in each run, so that what fails has been changed and is not a matter of luck.
// T4_TEST_SEED=random tries what was never tried, and a number repeats what failed with that seed.
import fc from "fast-check";

const seed = process.env["T4_TEST_SEED"] ?? "1";
if (seed !== "random") {
  if (!/^-?\d+$/.test(seed)) {
    throw new Error(`T4_TEST_SEED is "${seed}": give a whole number, or "random"`);
  }
  fc.configureGlobal({ seed: Number(seed) });
}

export default fc;
