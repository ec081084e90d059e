import fc from 'fast-check';
import { cases } from '@marketgraph/platform/testing';

const { TEST_SEED: seed } = process.env;
const ofAll = seed === undefined ? {} : { seed: Number(seed) };

// Of those that say no number of their own.
fc.configureGlobal({ ...fc.readConfigureGlobal(), ...ofAll, numRuns: cases(100) });
