/*
 * begin.mjs - asks a question with a long answer and prints the reply's id once its row has words
 * and is still streaming: the moment to pull a plug.
 *
 *	begin.mjs URL		the server runs with COMPOSER_PACE_MS=150 or so
 */
import { Site, sleep } from "./visitor.mjs";

const site = await Site.of(process.argv[2]);
const { id, status, text } = await site.post(await site.ask("What can I see tomorrow?"));
if (status !== 200) throw new Error(`POST /api/chat: ${status} ${text}`);
for (let i = 0; ; i++) {
	const row = await site.row(id);
	if (row.status === "completed" || i > 200) throw new Error(`never seen in mid-answer: ${JSON.stringify(row)}`);
	if (row.messageText) break;
	await sleep(25);
}
console.log(id);
