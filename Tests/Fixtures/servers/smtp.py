"""A mail server on a port of the kernel's choice: says where it listens, and prints each mail as one line of JSON.

It answers "552 too long" to more than argv[1] bytes, refuses receivers whose name begins with "nobody" (550), and is
busy (451) for senders whose name begins with "later"."""
import asyncio, json, sys
from aiosmtpd.smtp import SMTP

LIMIT = int(sys.argv[1]) if len(sys.argv) > 1 else None


class Printer:
    async def handle_MAIL(self, server, session, envelope, address, options):
        if address.startswith("later"):
            return "451 try again later"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if LIMIT is not None and len(envelope.content) > LIMIT:
            return "552 too long"
        lines = envelope.content.split(b"\r\n")
        mail = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "text": envelope.content.decode(),
                "longest": max(map(len, lines))}
        print(json.dumps(mail), flush=True)
        return "250 taken"


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Printer(), loop=loop), "127.0.0.1", 0)
    print(f"listening on 127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


asyncio.run(main())
