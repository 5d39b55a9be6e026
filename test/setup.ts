// Every token keeps the stack of where it was made, which errors of cdktf show and nothing else reads. Jest maps each frame of it to its source: more than
// half the time of a synthesis. cdktn has a switch for that, and cdktf none.
process.env.CDKTN_DISABLE_CREATION_STACK = 'true';
jest.mock('cdktf/lib/tokens/private/stack-trace', () => ({
  ...jest.requireActual<object>('cdktf/lib/tokens/private/stack-trace'), captureStackTrace: () => [],
}));
