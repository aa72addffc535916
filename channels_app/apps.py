from django.apps import AppConfig


class ChannelsAppConfig(AppConfig):
    name = "channels_app"
    verbose_name = "Set-up"

    def ready(self) -> None:
        from channels_app.selectors import configs

        configs.forget_on_change()
