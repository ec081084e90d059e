import { splitPath } from '../bson/paths.ts';
import { type Doc, isDoc, type Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { compileExpression, type Variables } from '../expression/compile.ts';
import { compileAddFields, compileProjection } from '../query/projection.ts';

/** The stages that turn one document into one document; an update may be made of these too. */
export const RESHAPING_STAGES = new Set(['$addFields', '$set', '$unset', '$project', '$replaceRoot', '$replaceWith']);

export function compileReshape(name: string, operand: Value, variables: Variables): (doc: Doc) => Doc {
  switch (name) {
    case '$addFields':
    case '$set':
      return compileAddFields(docOperand(name, operand), variables);
    case '$project': {
      const spec = docOperand(name, operand);
      if (Object.keys(spec).length === 0)
        throw new CommandError('BadValue', 'projection specification must have at least one field');
      return compileProjection(spec, { variables, style: 'aggregate' });
    }
    case '$unset':
      return compileProjection(unsetSpec(operand), { variables, style: 'aggregate' });
    case '$replaceRoot':
      return replaceRoot(docOperand(name, operand).newRoot as Value, variables);
    default:
      return replaceRoot(operand, variables);
  }
}

function replaceRoot(expression: Value, variables: Variables): (doc: Doc) => Doc {
  if (expression === undefined) throw new CommandError('BadValue', "$replaceRoot needs a 'newRoot'");
  const evaluate = compileExpression(expression);
  return (doc) => {
    const root = evaluate({ root: doc, variables });
    if (!isDoc(root)) throw new CommandError('BadValue', "'newRoot' expression must evaluate to an object");
    return root;
  };
}

function unsetSpec(operand: Value): Doc {
  const paths = Array.isArray(operand) ? operand : [operand];
  if (paths.length === 0 || !paths.every((path) => typeof path === 'string' && path !== '' && !path.startsWith('$'))) {
    throw new CommandError('BadValue', '$unset specification must be a string or an array of strings');
  }
  for (const path of paths) splitPath(path as string);
  return Object.fromEntries(paths.map((path) => [path as string, 0]));
}

export function docOperand(name: string, operand: Value): Doc {
  if (isDoc(operand)) return operand;
  throw new CommandError('FailedToParse', `the ${name} stage specification must be an object`);
}
