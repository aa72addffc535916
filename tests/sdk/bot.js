/* An agent at LivePerson's SDK, led by whoever holds the other ends of its standard streams.
 *
 * A line of input is {"id", "method", "args"}: the SDK's method is called, and {"id", "error", "body"} written. Whatever the SDK emits is
 * written as {"event", "body"}. It ends when the input ends.
 */
"use strict";

const readline = require("readline");

const { Agent } = require(process.env.SDK);

const EVENTS = [
  "connected",
  "closed",
  "error",
  "warn",
  "routing.RoutingTaskNotification",
  "routing.AgentStateNotification",
  "cqm.ExConversationChangeNotification",
  "ms.MessagingEventNotification",
];

const write = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const plain = (error) => (error instanceof Error ? { message: error.message, code: error.code } : error);

const agent = new Agent(JSON.parse(process.env.AGENT));

for (const event of EVENTS) {
  agent.on(event, (body) => write({ event, body: event === "error" ? plain(body) : body }));
}

readline
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { id, method, args } = JSON.parse(line);
    if (method === "ids") {
      write({ id, error: null, body: { agentId: agent.agentId, userId: agent.userId } });
    } else if (method === "reconnect") {
      agent.reconnect(...args);
      write({ id, error: null, body: null });
    } else {
      agent[method](...args, (error, body) => write({ id, error: plain(error) || null, body: body === undefined ? null : body }));
    }
  })
  .on("close", () => {
    agent.dispose();
    process.exit(0);
  });
