"""What the journey loads: real input from a folder, or the small sample that comes with it.

Plain data, no server. A real serial number is nobody's to publish, so the serials are made here:
always the same ones for the same device, hospital and position, which is what lets the journey
run twice without doubling anything.
"""

import csv
import hashlib
import itertools
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
SAMPLE = HERE / "sample"
SHARED = HERE.parents[2] / "shared" / "data"

DEVICES = ("gudid/devices_dev.csv", "devices.csv")
HOSPITALS = ("master/cn_hospital_names.csv", "hospitals.csv")
NARRATIVES = ("maude/event_type_dev.csv", "narratives.csv")

PACKAGE_LEVELS = {
    "Unit of Use": "unit",
    "Direct Marking": "unit",
    "Previous": "unit",
    "Secondary": "box",
    "Package": "box",
    "Box": "box",
}
PLACES = (
    ("检验科", "检验一室"),
    ("口腔科", "诊室 1"),
    ("手术室", "3 号手术间"),
    ("重症医学科", "床位 12"),
    ("设备科", "库房"),
)
WAYS = ("udi", "serial", "alias")


@dataclass(frozen=True)
class Package:
    """A further identifier of a product: a package, a unit of use, a direct marking."""

    di: str
    issuer: str
    level: str
    quantity: int
    contains: str


@dataclass(frozen=True)
class Product:
    """One GUDID record: one product under its primary identifier."""

    row: int
    di: str
    issuer: str
    brand: str
    model: str
    catalogue: str
    maker: str
    name: str
    kind: str
    description: str
    packages: tuple
    serials: tuple

    @property
    def code(self):
        """The product's internal reference: one per record, readable."""
        return f"{self.issuer.upper()}:{self.di}"


@dataclass(frozen=True)
class Device:
    """One serial of a product, at one place."""

    product: Product
    serial: str
    hospital: str
    department: str
    room: str
    alias: str
    carrier: str


@dataclass
class Ticket:
    """One narrative about one device; ``text`` is what the caller said and is all we search by."""

    row: int
    key: str
    title: str
    text: str
    way: str
    device: Device | None
    refusal: str = ""
    found: int = 0
    id: int = 0


@dataclass
class Input:
    source: str
    products: list
    hospitals: list
    devices: list
    tickets: list
    refused: list = field(default_factory=list)


def digest(*parts):
    """A number that depends on the words only: the same on every machine and on every day."""
    return int.from_bytes(hashlib.sha256("\x1f".join(parts).encode()).digest()[:6], "big")


def load(folder=None, limit=None, tickets=None):
    """Read the input.

    :param folder: a folder with the layout of shared/data, or of the sample; None: shared/data
        where it exists, else the sample.
    :param limit: at most so many products (None: all).
    :param tickets: at most so many tickets (None: all).
    """
    folder = Path(folder) if folder else (SHARED if SHARED.is_dir() else SAMPLE)
    refused = []
    products = read_products(find(folder, DEVICES), limit, refused)
    hospitals = [row["name"].strip() for _, row in read(find(folder, HOSPITALS))]
    devices = make_devices(products, hospitals)
    narratives = itertools.islice(read(find(folder, NARRATIVES)), tickets)
    return Input(
        source=folder.name if folder == SAMPLE else str(folder),
        products=products,
        hospitals=hospitals,
        devices=devices,
        tickets=list(make_tickets(narratives, devices)),
        refused=refused,
    )


def find(folder, names):
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise SystemExit(f"journey: none of {', '.join(names)} is in {folder}")


def read(path):
    """Rows with their line numbers, as a person sees them in a spreadsheet."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), 2):
            yield number, {key: (value or "").strip() for key, value in row.items()}


def read_products(path, limit, refused):
    products = []
    for number, row in itertools.islice(read(path), limit):
        if not row["primary_di"] or not row["company"]:
            refused.append(("products", number, row["primary_di"], "no identifier or no maker"))
            continue
        products.append(
            Product(
                row=number,
                di=row["primary_di"],
                issuer=row["issuing_agency"].lower(),
                brand=row["brand_name"],
                model=row["version_model"],
                catalogue=row["catalog_number"],
                maker=row["company"],
                name=" ".join(filter(None, (row["brand_name"], row["version_model"]))),
                kind=row["product_code_name"],
                description=row["description"] or row["product_code_name"],
                packages=tuple(read_packages(row)),
                serials=tuple(row.get("serials", "").split()),
            )
        )
    return products


def read_packages(row):
    """``di~kind~issuer~qty=n~contains=di``, several of them separated by bars."""
    for text in filter(None, (part.strip() for part in row["package_dis"].split("|"))):
        di, kind, issuer, *rest = text.split("~")
        values = dict(item.split("=", 1) for item in rest)
        yield Package(
            di=di,
            issuer=issuer.lower(),
            level=PACKAGE_LEVELS.get(kind, "box"),
            quantity=int(values.get("qty") or 1),
            contains=values.get("contains", ""),
        )


def make_devices(products, hospitals):
    """One to three serials of each product, each at a hospital, department and room.

    Serials are short, as makers' serials are, so that some repeat between products: finding a
    device by its serial then needs the product that the text names.
    """
    devices = []
    for product in products:
        seed = digest(product.code)
        made = [f"SN{digest(product.code, str(n)) % 100_000:05d}" for n in range(1 + seed % 3)]
        for position, serial in enumerate(dict.fromkeys(product.serials or made)):
            number = digest(product.code, str(position))
            department, room = PLACES[number % len(PLACES)]
            devices.append(
                Device(
                    product=product,
                    serial=serial,
                    hospital=hospitals[number // 7 % len(hospitals)],
                    department=department,
                    room=room,
                    alias=f"SB-{seed % 1_000_000:06d}-{position + 1}" if number % 3 == 0 else "",
                    carrier=carrier(product, serial),
                )
            )
    return devices


def carrier(product, serial):
    """What a scanner reads from the device's label.

    The serial is the last element, so no separator is due. A carrier with one inside (GS, a control
    character) can be sent over JSON-2 and JSON-RPC; XML has no way to write it, so over XML-RPC
    such a carrier is sent as printed under the symbol: (01)…(10)…(21)….
    """
    return f"01{product.di}21{serial}" if product.issuer == "gs1" else ""


def human_readable(product, serial):
    """The line printed under the symbol, with brackets round the identifiers."""
    return f"(01){product.di}(21){serial}" if product.issuer == "gs1" else ""


def make_tickets(narratives, devices):
    """Put a device into each narrative: one of the same brand or maker where there is one.

    Every narrative names its device in one of three ways, as callers do: the printed UDI, the
    product with its serial number, or the hospital's own asset number.
    """
    by_word = {}
    for device in devices:
        for word in {device.product.brand.casefold(), device.product.maker.casefold()}:
            by_word.setdefault(word, []).append(device)
    for number, row in narratives:
        if "Unknown Brand" in row["brand_name"]:
            candidates = []
        else:
            candidates = (
                by_word.get(row["brand_name"].casefold())
                or by_word.get(row["manufacturer"].casefold())
                or devices
            )
        brand = row["brand_name"] or row["generic_name"] or "?"
        title = f"[{row['report_number']}] {brand}"[:200]
        if not candidates:
            yield Ticket(number, row["report_number"], title, row["event_text"], "", None)
            continue
        chosen = digest(row["report_number"])
        same_kind = [device for device in candidates if row["generic_name"] in device.product.kind]
        pool = same_kind if row["generic_name"] and same_kind else candidates
        device = pool[chosen % len(pool)]
        way = WAYS[chosen // 11 % len(WAYS)]
        if (way == "udi" and not device.carrier) or (way == "alias" and not device.alias):
            way = "serial"
        said = {
            "udi": f"UDI: {human_readable(device.product, device.serial)}",
            "serial": f"Device: {device.product.name}. S/N: {device.serial}",
            "alias": f"Asset No.: {device.alias} ({device.hospital})",
        }[way]
        text = f"{row['event_text']}\n{said}"
        yield Ticket(number, row["report_number"], title, text, way, device)
