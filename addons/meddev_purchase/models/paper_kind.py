"""Words of the supplier's file, shared by papers, requirement rules and waivers."""

KIND_BUSINESS_LICENCE = "business_licence"
KIND_PRODUCTION_LICENCE = "production_licence"
KIND_DISTRIBUTION_LICENCE = "distribution_licence"
KIND_REGISTRATION = "registration"
KIND_AUTHORISATION = "authorisation"
KIND_OTHER = "other"
#: What is missing where nobody says who supplies: no paper, but whose papers to ask for.
KIND_SUPPLIER = "supplier"

PAPER_KINDS = [
    (KIND_BUSINESS_LICENCE, "Business Licence"),
    (KIND_PRODUCTION_LICENCE, "Production Licence or Filing"),
    (KIND_DISTRIBUTION_LICENCE, "Distribution Licence or Filing"),
    (KIND_REGISTRATION, "Registration Certificate or Filing"),
    (KIND_AUTHORISATION, "Sales Authorisation"),
    (KIND_OTHER, "Other"),
]

SUPPLIER_MANUFACTURER = "manufacturer"
SUPPLIER_DISTRIBUTOR = "distributor"

SUPPLIER_KINDS = [
    (SUPPLIER_MANUFACTURER, "Manufacturer of the Product"),
    (SUPPLIER_DISTRIBUTOR, "Distributor"),
]

POLICY_IGNORE = "ignore"
POLICY_WARN = "warn"
POLICY_BLOCK = "block"

PAPER_POLICIES = [
    (POLICY_IGNORE, "Do Not Check"),
    (POLICY_WARN, "Warn and Keep a Record"),
    (POLICY_BLOCK, "Block Until Allowed"),
]

OPERATION_ORDER = "order"
OPERATION_RECEIPT = "receipt"

STATE_VALID = "valid"
STATE_EXPIRING = "expiring"
STATE_EXPIRED = "expired"
STATE_NOT_YET_VALID = "not_yet_valid"
STATE_MISSING = "missing"

PAPER_STATES = [
    (STATE_VALID, "Valid"),
    (STATE_EXPIRING, "Expiring"),
    (STATE_EXPIRED, "Expired"),
    (STATE_NOT_YET_VALID, "Not Yet Valid"),
]
