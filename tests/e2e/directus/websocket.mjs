/*
 * websocket.mjs - a small WebSocket client on node's own http, so that what the checks measure
 * at a subscriber's socket depends on nothing that has to be installed.
 *
 *	const socket = await Socket.open('ws://127.0.0.1:8055/websocket', { onMessage });
 *	socket.send({ type: 'auth', access_token });
 *	const reply = await socket.next((message) => message.type === 'auth', 5000);
 *	socket.close();
 *
 * It speaks JSON text messages, answers pings of either kind, and fails loudly on anything it
 * does not understand: a check must never pass because a frame was misread.
 */

import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const MAX_BYTES = 16 << 20;

const TEXT = 1, CLOSE = 8, PING = 9, PONG = 10;

/* Takes one frame off the front of bytes, or returns null when it is not complete yet. */
function takeFrame(bytes) {
	if (bytes.length < 2)
		return null;
	if (bytes[0] & 0x70 || bytes[1] & 0x80)
		throw new Error('the server sent a masked or extended frame');
	let length = bytes[1] & 0x7f, at = 2;
	if (length === 126) {
		if (bytes.length < 4)
			return null;
		length = bytes.readUInt16BE(2);
		at = 4;
	} else if (length === 127) {
		if (bytes.length < 10)
			return null;
		length = Number(bytes.readBigUInt64BE(2));
		at = 10;
	}
	if (length > MAX_BYTES)
		throw new Error(`the server sent a frame of ${length} bytes`);
	if (bytes.length < at + length)
		return null;
	return {
		final: (bytes[0] & 0x80) !== 0,
		kind: bytes[0] & 0x0f,
		data: bytes.subarray(at, at + length),
		rest: bytes.subarray(at + length),
	};
}

/* A client's frame, masked as RFC 6455 asks. */
function makeFrame(kind, data) {
	const mask = randomBytes(4);
	const head = data.length < 126
		? Buffer.from([0x80 | kind, 0x80 | data.length])
		: Buffer.from([0x80 | kind, 0x80 | 126, data.length >> 8, data.length & 0xff]);
	if (data.length > 0xffff)
		throw new Error('a client message of more than 65,535 bytes');
	const masked = Buffer.from(data.map((byte, i) => byte ^ mask[i & 3]));
	return Buffer.concat([head, mask, masked]);
}

export class Socket {
	#stream;
	#bytes = Buffer.alloc(0);
	#parts = [];
	#inbox = [];
	#waiting = [];
	#onMessage;
	closed = null; /* why, once it is */

	/* Connects; onMessage(message, atMs) sees every JSON message except pings, as it arrives. */
	static open(url, { onMessage, headers = {}, timeoutMs = 10000 } = {}) {
		return new Promise((resolve, reject) => {
			const key = randomBytes(16).toString('base64');
			const request = http.get(url.replace(/^ws/, 'http'), {
				agent: false,
				timeout: timeoutMs,
				headers: {
					...headers, connection: 'Upgrade', upgrade: 'websocket',
					'sec-websocket-version': '13', 'sec-websocket-key': key,
				},
			});
			request.on('timeout', () => request.destroy(new Error('no WebSocket upgrade in time')));
			request.on('error', reject);
			request.on('response', (response) => {
				response.resume();
				reject(new Error(`WebSocket upgrade refused: ${response.statusCode}`));
			});
			request.on('upgrade', (response, stream, head) => {
				const want = createHash('sha1').update(key + GUID).digest('base64');
				if (response.headers['sec-websocket-accept'] !== want) {
					stream.destroy();
					reject(new Error('wrong Sec-WebSocket-Accept'));
					return;
				}
				stream.setTimeout(0);
				stream.setNoDelay(true);
				resolve(new Socket(stream, head, onMessage));
			});
		});
	}

	constructor(stream, head, onMessage) {
		this.#stream = stream;
		this.#onMessage = onMessage;
		stream.on('data', (bytes) => this.#take(bytes));
		stream.on('error', (error) => this.#end(error.message));
		stream.on('close', () => this.#end('the connection was closed'));
		if (head.length > 0)
			this.#take(head);
	}

	send(message) {
		this.#stream.write(makeFrame(TEXT, Buffer.from(JSON.stringify(message))));
	}

	/* The first message, already here or to come, that wanted() accepts. */
	next(wanted = () => true, timeoutMs = 10000) {
		const at = this.#inbox.findIndex(wanted);
		if (at >= 0)
			return Promise.resolve(this.#inbox.splice(at, 1)[0]);
		if (this.closed)
			return Promise.reject(new Error(this.closed));
		return new Promise((resolve, reject) => {
			const waiter = { wanted, resolve, reject };
			waiter.timer = setTimeout(() => {
				this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
				reject(new Error(`no such WebSocket message within ${timeoutMs} ms`));
			}, timeoutMs);
			this.#waiting.push(waiter);
		});
	}

	close() {
		if (!this.closed)
			this.#stream.end(makeFrame(CLOSE, Buffer.from([0x03, 0xe8])));
		this.#end('closed by us');
		this.#stream.destroySoon();
	}

	#take(bytes) {
		this.#bytes = Buffer.concat([this.#bytes, bytes]);
		try {
			for (let frame; (frame = takeFrame(this.#bytes)); ) {
				this.#bytes = frame.rest;
				this.#frame(frame);
			}
		} catch (error) {
			this.#end(error.message);
			this.#stream.destroy();
		}
	}

	#frame({ final, kind, data }) {
		if (kind === PING)
			this.#stream.write(makeFrame(PONG, data));
		else if (kind === CLOSE)
			this.#end(`closed by the server: ${data.length < 2 ? 'no code' : data.readUInt16BE(0)}`);
		else if (kind === TEXT || kind === 0) {
			this.#parts.push(Buffer.from(data));
			if (!final)
				return;
			const text = Buffer.concat(this.#parts);
			this.#parts = [];
			this.#message(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text)));
		} else if (kind !== PONG)
			throw new Error(`the server sent a frame of kind ${kind}`);
	}

	#message(message) {
		if (message.type === 'ping') {
			this.send({ type: 'pong' });
			return;
		}
		this.#onMessage?.(message, performance.now());
		const at = this.#waiting.findIndex(({ wanted }) => wanted(message));
		if (at < 0) {
			if (!this.#onMessage)
				this.#inbox.push(message);
			return;
		}
		const [waiter] = this.#waiting.splice(at, 1);
		clearTimeout(waiter.timer);
		waiter.resolve(message);
	}

	#end(why) {
		this.closed ??= why;
		for (const waiter of this.#waiting.splice(0)) {
			clearTimeout(waiter.timer);
			waiter.reject(new Error(this.closed));
		}
	}
}
