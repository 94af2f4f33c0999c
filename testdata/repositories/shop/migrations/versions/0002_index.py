"""Index the customers of orders."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    op.create_index("ix_orders_customer", "orders", ["customer"])


def downgrade():
    pass
