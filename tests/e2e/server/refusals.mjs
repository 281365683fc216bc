/*
 * refusals.mjs - bad input of every kind at a running erleah-server: each is answered as the contract
 * says, in one sentence, and afterwards the server is as well and as small as before.
 *
 *	refusals.mjs URL PID
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import net from "node:net";
import { Site, check, finish, group, sleep } from "./visitor.mjs";

const [url, pid] = process.argv.slice(2);
const site = await Site.of(url);
const resident_mib = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;

const good = await site.ask("Is there Wi-Fi?");
const before_mib = resident_mib();

/* The contract's form: {"success":false,"error":"<one sentence>"}. */
async function refused(what, status, body, { word, headers } = {}) {
	const answer = await site.call("POST", "/api/chat", body, headers);
	const sentence = answer.data?.error ?? "";
	check(`${what}: ${status}, in one sentence`, answer.status === status && answer.data?.success === false &&
		sentence.length > 5 && sentence.length < 300 && !sentence.includes("\n") && (!word || sentence.includes(word)), [answer.status, answer.text]);
}

await group("bodies", async () => {
	await refused("not JSON", 400, "hello");
	await refused("half of JSON", 400, '{"conversation_id":');
	await refused("nothing", 400, "");
	await refused("an array", 400, []);
	await refused("text behind the JSON", 400, `${JSON.stringify(good)} x`);
	await refused("invalid UTF-8", 400, new Uint8Array([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xc0, 0x80, 0x22, 0x7d]));
	await refused("a NUL byte", 400, `{"conversation_id":"\u0000"}`);
	await refused("10,000 levels", 400, "[".repeat(10000) + "]".repeat(10000));
	await refused("10 MB", 413, `{"a":"${"x".repeat(10e6)}"}`);
	await refused("another content type", 415, JSON.stringify(good), { headers: { "content-type": "text/plain" } });
});

await group("fields", async () => {
	for (const name of ["conversation_id", "message_id", "conference_id"]) {
		await refused(`${name} missing`, 400, { ...good, [name]: undefined }, { word: name });
		await refused(`${name} a number`, 400, { ...good, [name]: 7 }, { word: name });
		await refused(`${name} null`, 400, { ...good, [name]: null }, { word: name });
		await refused(`${name} no UUID`, 400, { ...good, [name]: "x".repeat(36) }, { word: name });
	}
});

await group("rows", async () => {
	const other = await site.ask("And what then?");
	await refused("an unknown conversation", 404, { ...good, conversation_id: randomUUID() }, { word: "Conversation not found" });
	await refused("an unknown message", 404, { ...good, message_id: randomUUID() }, { word: "Message not found" });
	await refused("a message of another conversation", 404, { ...good, message_id: other.message_id }, { word: "Message not found" });
	await refused("an unknown conference", 404, { ...good, conference_id: randomUUID() });
	await refused("a question of 2,001 characters", 422, await site.ask("é".repeat(2001)));
	await refused("an empty question", 422, await site.ask("   "));
	const { status } = await site.post(await site.ask("é".repeat(2000)));
	check("a question of 2,000 characters is taken", status === 200, status);
	check("the good request still is", (await site.post(good)).status === 200);
	await refused("the same message in another conversation", 409, { ...good, conversation_id: other.conversation_id });
});

await group("the rows' face", async () => {
	const row = async (body) => (await site.call("POST", "/items/messages", body)).status;
	check("rows of others cannot be listed", (await site.call("GET", "/items/messages")).status === 403);
	check("a row is created as the user's, whatever it says", await (async () => {
		const { message_id } = await site.ask("hello");
		return (await site.row(message_id)).role === "user";
	})());
	check("a row in an unknown conversation is refused", [400, 403, 404].includes(await row({ id: randomUUID(), conversation_id: randomUUID(), messageText: "x", role: "user" })));
	check("a row with a bad id is refused", [400, 403].includes(await row({ id: "7", conversation_id: good.conversation_id, messageText: "x", role: "user" })));
});

/* What a raw connection answers until it closes. */
function raw(bytes, wait_ms = 4000) {
	return new Promise((resolve) => {
		const socket = net.connect(Number(new URL(url).port), "127.0.0.1"), parts = [];
		const end = () => { socket.destroy(); resolve(Buffer.concat(parts)); };
		socket.on("data", (part) => parts.push(part)).on("close", end).on("error", end);
		socket.setTimeout(wait_ms, end);
		socket.write(bytes);
	});
}

await group("raw bytes", async () => {
	const upgrade = "GET /websocket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
	const claims_2_gb = Buffer.concat([Buffer.from(upgrade), Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0x7f, 0xff, 0, 0, 1, 2, 3, 4])]);
	const answer = await raw(claims_2_gb);
	check("a WebSocket frame that claims 2 GB is answered by 1009 and the end", answer.includes("101 Switching") && answer.subarray(-4).equals(Buffer.from([0x88, 2, 0x03, 0xf1])),
		answer.subarray(-8).toString("hex"));
	const chat = "POST /api/chat HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";
	check("two lengths are refused", (await raw(`${chat}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`)).includes(" 400 "));
	check("an unknown route is 404", (await site.call("GET", "/nothing")).status === 404);
	check("a wrong method is 405", (await site.call("DELETE", "/api/chat")).status === 405);
	check("a path that climbs is 404", (await raw("GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).includes(" 404 "));
});

await group("afterwards", async () => {
	for (let i = 0; i < 30; i++) {
		await site.call("POST", "/api/chat", `{"a":"${"x".repeat(2e6)}"}`);
		await site.call("POST", "/api/chat", "[".repeat(30000));
	}
	await sleep(300);
	const after_mib = resident_mib();
	check("the server is up", (await site.call("GET", "/health")).status === 200);
	check("memory stayed flat", after_mib - before_mib < 24, `${before_mib.toFixed(1)} -> ${after_mib.toFixed(1)} MiB`);
});

finish();
