/*
 * chat.mjs - playing the widget by hand against a running erleah-server: rows, chat, the three ways to
 * the answer, an event stream cut at random bytes.
 *
 *	chat.mjs URL		the server runs with COMPOSER_PACE_MS=20 and RATE_LIMIT_ADDRESS_PER_HOUR=0
 */
import { Site, check, finish, group, text_of } from "./visitor.mjs";

const site = await Site.of(process.argv[2]);
const CUT_ROUNDS = 12;

await group("one chat", async () => {
	const body = await site.ask("Is there Wi-Fi?");
	const { status, data, id, headers } = await site.post(body);
	check("POST /api/chat answers 200 with the reply's id", status === 200 && data.success === true && /^[0-9a-f-]{36}$/.test(id), data);
	check("and with a request id", /^\S{8,}$/.test(headers.get("x-request-id") ?? ""), headers.get("x-request-id"));
	const born = await site.row(id);
	check("the reply's row is there at once", born.role === "assistant" && born.conversation_id === body.conversation_id, born);
	const row = await site.completed(id);
	check("the row ends completed, with words", row.status === "completed" && row.messageText.length > 10, row);
	const reply = await site.call("GET", `/api/chat/${id}`);
	check("GET /api/chat/{id} tells the same", reply.status === 200 && reply.data.text === row.messageText && reply.data.state === "completed", reply.data);
	check("the outcome is ok", reply.data.outcome === "ok", reply.data);
	const again = await site.post(body);
	check("the same request again attaches to the same reply", again.status === 200 && again.id === id, again.data);
});

await group("one call", async () => {
	const body = await site.ask("What is on tomorrow morning?");
	const { status, data, id } = await site.post(body, "/api/chat", { prefer: "wait=10" });
	const row = await site.row(id);
	check("Prefer: wait=10 brings the finished message", status === 200 && data.message?.state === "completed" && data.message.text.length > 0, data);
	check("its text is the row's", row.status === "completed" && row.messageText === data.message?.text, [row, data.message]);
	check("its references have type, id and name", data.message?.references?.every(({ type, id, name }) =>
		["session", "exhibitor", "speaker", "info"].includes(type) && id && name), data.message?.references);
});

await group("Accept: text/event-stream", async () => {
	const body = await site.ask("Which sessions are about data?");
	const { status, text, headers } = await site.post(body, "/api/chat", { accept: "text/event-stream" });
	check("answers as an event stream that proxies leave alone", status === 200 && headers.get("content-type")?.startsWith("text/event-stream") &&
		/no-transform/.test(headers.get("cache-control")) && headers.get("x-accel-buffering") === "no", [...headers]);
	const names = [...text.matchAll(/^event: (\w+)$/gm)].map(([, name]) => name);
	check("accepted is first, done is last, once each", names[0] === "accepted" && names.at(-1) === "done" &&
		names.filter((name) => name === "accepted" || name === "done").length === 2, names);
});

await group("a stream cut at random bytes", async () => {
	let exact = 0, cuts = 0;
	const odd = [];
	for (let round = 0; round < CUT_ROUNDS; round++) {
		const { id } = await site.post(await site.ask("What can I see tomorrow?"));
		const seen = [];
		for (let attempt = 0; attempt < 500 && !seen.some(({ event }) => event === "done"); attempt++) {
			seen.push(...await site.events(id, seen.at(-1)?.id, 1 + Math.floor(Math.random() * 900)));
			cuts++;
		}
		const numbers = seen.map(({ id }) => Number(id)), row = await site.completed(id);
		const ordered = numbers.every((number, i) => i === 0 ? number === 1 : number === numbers[i - 1] + 1);
		if (ordered && text_of(seen) === row.messageText) exact++;
		else odd.push({ numbers, text: text_of(seen), row: row.messageText });
	}
	check(`${CUT_ROUNDS} answers, cut and resumed ${cuts > CUT_ROUNDS * 3 ? "many" : cuts} times, are byte-equal to their rows`, exact === CUT_ROUNDS, odd);
	check("the streams really were cut", cuts > CUT_ROUNDS * 3, cuts);
});

await group("stop", async () => {
	const { id } = await site.post(await site.ask("Tell me about every session tomorrow."));
	const begun = Date.now();
	const { status } = await site.call("POST", `/api/chat/${id}/stop`, {});
	const row = await site.completed(id, 5000);
	check("POST .../stop ends the reply", status === 200 && row.status === "completed", [status, row]);
	check("soon", Date.now() - begun < 1500, Date.now() - begun);
	check("and the outcome says so", ["stopped", "ok"].includes(row.metadata?.outcome), row.metadata);
});

finish();
