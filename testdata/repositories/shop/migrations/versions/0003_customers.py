"""Fill in customers that are missing."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade():
    op.execute("UPDATE orders SET customer = 'unknown' WHERE customer = ''")


def downgrade():
    raise NotImplementedError
