import { isDoc, type Doc, type Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import type { Variables } from '../expression/compile.ts';
import { compileReshape, RESHAPING_STAGES } from '../aggregate/reshape.ts';

/** An update may be a pipeline of stages that change one document at a time, and of no others. */
export function compileUpdatePipeline(stages: Value[], variables: Variables): (doc: Doc) => Doc {
  const steps = stages.map((stage) => {
    const [name, ...others] = isDoc(stage) ? Object.keys(stage) : [];
    if (name === undefined || others.length > 0) {
      throw new CommandError('FailedToParse', 'A pipeline stage specification object must contain exactly one field.');
    }
    if (!RESHAPING_STAGES.has(name)) {
      throw new CommandError('InvalidOptions', `${name} is not allowed to be used within an update (emulator)`);
    }
    return compileReshape(name, (stage as Doc)[name] as Value, variables);
  });
  return (doc) => steps.reduce((current, step) => step(current), doc);
}
