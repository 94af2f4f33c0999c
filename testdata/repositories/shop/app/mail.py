def send_confirmation(order_id: int) -> None:
    print(f"sending a confirmation of order {order_id}")
