import type { PlanNode } from '@apollo/query-planner';
import { compileFetch } from './fetch-step.ts';
import type { SupergraphTypes } from './supergraph-types.ts';
import type { Run } from './run.ts';
import { ShapeRegister } from './shape-register.ts';
import { UnsupportedPlanError } from './unsupported-plan-error.ts';

/** One node of a plan, made ready to run. Says nothing when it is done at once; never rejects. */
export type Step = (run: Run) => Promise<void> | undefined;

interface Compilation {
  shapes: ShapeRegister;
  types: SupergraphTypes;
}

export function compileSteps({ node, types }: { node: PlanNode; types: SupergraphTypes }): Step {
  const shapes = new ShapeRegister();
  const step = compileNode(node, [], { shapes, types });
  shapes.settle();
  return step;
}

function compileNode(node: PlanNode, path: readonly string[], compilation: Compilation): Step {
  switch (node.kind) {
    case 'Sequence':
      return sequence(node.nodes.map((inner) => compileNode(inner, path, compilation)));
    case 'Parallel':
      return parallel(node.nodes.map((inner) => compileNode(inner, path, compilation)));
    case 'Flatten':
      return compileNode(node.node, [...path, ...node.path.map(String)], compilation);
    case 'Fetch':
      return compileFetch({ node, path, ...compilation });
    case 'Condition': {
      const { condition, ifClause, elseClause } = node;
      const whenTrue = ifClause && compileNode(ifClause, path, compilation);
      const whenFalse = elseClause && compileNode(elseClause, path, compilation);
      return (run) => (run.variables[condition] === true ? whenTrue : whenFalse)?.(run);
    }
    case 'Defer':
      throw new UnsupportedPlanError('@defer is not supported.');
  }
}

/** One after another; also what makes the fields of a mutation happen in their order. */
function sequence(steps: readonly Step[]): Step {
  return async (run) => {
    for (const step of steps) {
      const pending = step(run);
      if (pending) await pending;
    }
  };
}

function parallel(steps: readonly Step[]): Step {
  return async (run) => {
    const pending: Promise<void>[] = [];
    for (const step of steps) {
      const started = step(run);
      if (started) pending.push(started);
    }
    await Promise.all(pending);
  };
}
