// The shared worker: holds the one event stream of the browser.
import { type Message, type Order, StreamOwner } from "./stream_owner";

const owner = new StreamOwner();

addEventListener("connect", (event) => {
  const port = (event as MessageEvent).ports[0];
  if (!port) return;
  port.onmessage = (sent: MessageEvent<Order>) => {
    owner.order(port, sent.data, (message: Message) => port.postMessage(message));
  };
});
