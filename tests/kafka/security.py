"""What makes a broker of tests a secured one: TLS under an authority of its own, users with passwords, and nothing allowed but to
the user `broker`.

Certificates, keys and passwords are made anew by openssl and lie in a folder that goes with the test.
"""
import os
import secrets
import subprocess

SCRAM = "SCRAM-SHA-512"
DAYS = "2"
LOGIN = "org.apache.kafka.common.security"


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.PIPE)


class Authority:
    """One that signs certificates, and that clients believe or not."""

    def __init__(self, folder, name):
        self.folder = folder
        self.key, self.certificate = (os.path.join(folder, f"{name}.{kind}") for kind in ("key", "pem"))
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", DAYS, "-subj", f"/CN={name}",
                "-keyout", self.key, "-out", self.certificate)

    def certify(self, address):
        """A file with the key and the certificate of a server at that address."""
        key, request, signed, wanted, whole = (
            os.path.join(self.folder, f"{address}.{kind}") for kind in ("key", "csr", "pem", "cnf", "both.pem"))
        with open(wanted, "w", encoding="ascii") as out:
            out.write(f"subjectAltName=IP:{address}\n")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={address}", "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
                "-days", DAYS, "-extfile", wanted, "-out", signed)
        with open(whole, "w", encoding="ascii") as out:
            for part in (key, signed):
                with open(part, encoding="ascii") as file:
                    out.write(file.read())
        return whole


class Security:
    """The same for a cluster and for those who talk to it. Users have their passwords by PLAIN, `kwq` by SCRAM as well."""

    def __init__(self, folder):
        self.folder = folder
        self.authority = Authority(folder, "authority")
        self.users = {name: secrets.token_urlsafe(24) for name in ("broker", "kwq", "groupless", "nobody")}

    def server_properties(self, address):
        clients = "listener.name.clients"
        users = " ".join(f'user_{name}="{password}"' for name, password in self.users.items())
        # Who comes without a name comes through the controller's listener, which has no password.
        return (f"authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n"
                f"super.users=User:broker;User:ANONYMOUS\n"
                f"sasl.mechanism.inter.broker.protocol=PLAIN\n"
                f"{clients}.sasl.enabled.mechanisms=PLAIN,{SCRAM}\n"
                f"{clients}.plain.sasl.jaas.config={LOGIN}.plain.PlainLoginModule required username=\"broker\" "
                f"password=\"{self.users['broker']}\" {users};\n"
                f"{clients}.{SCRAM.lower()}.sasl.jaas.config={LOGIN}.scram.ScramLoginModule required;\n"
                f"{clients}.ssl.keystore.type=PEM\n"
                f"{clients}.ssl.keystore.location={self.authority.certify(address)}\n"
                f"{clients}.ssl.truststore.type=PEM\n"
                f"{clients}.ssl.truststore.location={self.authority.certificate}\n")

    def format_arguments(self):
        return ["--add-scram", f"{SCRAM}=[name=kwq,password={self.users['kwq']}]"]

    def client_properties(self, user="kwq", password=None, authority=None, mechanism="PLAIN"):
        """As docs/kafka.md has them."""
        return (f"security.protocol=SASL_SSL\n"
                f"sasl.mechanism={mechanism}\n"
                f"sasl.username={user}\n"
                f"sasl.password={password or self.users[user]}\n"
                f"ssl.ca.location={(authority or self.authority).certificate}\n")
